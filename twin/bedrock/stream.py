"""ConverseStream: the same as Converse, in frames of AWS's event stream encoding, each sent as its token comes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from twin.bedrock import eventstream
from twin.bedrock.converse import (
    INTERVENED,
    NOTHING,
    STOP_REASONS,
    milliseconds_since,
    prompt_of,
    sampling_of,
    usage,
)
from twin.bedrock.generation import BrokenOffError, Generated, Generation, generating
from twin.bedrock.guarding import Guard
from twin.emulator.hooks import Json, ServiceError, Stream
from twin.weights.imported import LocalModel

_HEADERS = {"Content-Type": eventstream.CONTENT_TYPE}


def converse_stream(model: LocalModel, request: Json, guard: Guard | None = None) -> Stream:
    """Answer a ConverseStream request, which has been checked."""
    began = time.monotonic()
    screened = guard.screen_input(request) if guard else request
    if guard and screened is None:
        frames = [_START, _delta(guard.blocked_input), *_end(NOTHING, guard, began)]
        return Stream(iter(frames), lambda: None, _HEADERS)
    generation = generating(model, prompt_of(model, screened or request), sampling_of(request))
    return Stream(_frames(generation, guard, began), generation.cancel, _HEADERS)


def _frames(generation: Generation, guard: Guard | None, began: float) -> Iterator[bytes]:
    yield _START
    try:
        yield from map(_delta, _screened(generation, guard) if guard else generation)
    except BrokenOffError as error:
        yield eventstream.broken_off(str(error))
        return
    except ServiceError as error:  # the guardrail cannot come to an end with the answer
        yield eventstream.failed(error)
        return
    yield from _end(generation.made, guard, began)


def _screened(generation: Generation, guard: Guard) -> Iterator[str]:
    """The pieces, once the whole has been looked at: what is to be found may reach over any number of them."""
    pieces = list(generation)
    text = guard.screen_output(generation.made.text)
    yield from pieces if text == generation.made.text else [text]


_START = eventstream.event("messageStart", {"role": "assistant"})


def _delta(text: str) -> bytes:
    return eventstream.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})


def _end(made: Generated, guard: Guard | None, began: float) -> Iterator[bytes]:
    yield eventstream.event("contentBlockStop", {"contentBlockIndex": 0})
    stopped = INTERVENED if guard and guard.intervened else STOP_REASONS[made.ended]
    yield eventstream.event("messageStop", {"stopReason": stopped})
    told = {"usage": usage(made), "metrics": {"latencyMs": milliseconds_since(began)}}
    yield eventstream.event("metadata", {**told, **({"trace": guard.trace} if guard and guard.trace else {})})
