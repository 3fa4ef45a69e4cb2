"""ConverseStream: the same as Converse, in frames of AWS's event stream encoding, each sent as its token comes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from twin.bedrock import eventstream
from twin.bedrock.converse import STOP_REASONS, milliseconds_since, prompt_of, sampling_of, usage
from twin.bedrock.generation import BrokenOffError, Generation, generating
from twin.emulator.hooks import Json, Stream
from twin.weights.imported import LocalModel


def converse_stream(model: LocalModel, request: Json) -> Stream:
    """Answer a ConverseStream request, which has been checked."""
    began = time.monotonic()
    generation = generating(model, prompt_of(model, request), sampling_of(request))
    headers = {"Content-Type": eventstream.CONTENT_TYPE}
    return Stream(_frames(generation, began), generation.cancel, headers)


def _frames(generation: Generation, began: float) -> Iterator[bytes]:
    yield eventstream.event("messageStart", {"role": "assistant"})
    try:
        for text in generation:
            yield eventstream.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})
    except BrokenOffError as error:
        yield eventstream.broken_off(str(error))
        return
    made = generation.made
    yield eventstream.event("contentBlockStop", {"contentBlockIndex": 0})
    yield eventstream.event("messageStop", {"stopReason": STOP_REASONS[made.ended]})
    yield eventstream.event("metadata", {"usage": usage(made), "metrics": {"latencyMs": milliseconds_since(began)}})
