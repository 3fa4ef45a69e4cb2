"""``POST /v1/chat/completions`` in OpenAI's format, whole or as chunks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http import HTTPStatus

from lambdas.gateway import routing
from lambdas.gateway.answering import Answering
from lambdas.gateway.bodies.chat import CHAT
from lambdas.gateway.bodies.checking import Check
from lambdas.gateway.bodies.sampling import parameters_of
from lambdas.gateway.exchange import APPROVED, Usage
from lambdas.gateway.problems import Problem
from lambdas.gateway.reply import Reply, Stream
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services

DONE = b"data: [DONE]\n\n"
FINISHES = {"filtered": "content_filter"}


def chat(request: Request, services: Services) -> Reply | Stream:
    """Go on with a conversation."""
    check = Check(services.settings.limits)
    values = CHAT.read(request.json(), check)
    check.finish()
    parameters = parameters_of(values, services.settings.limits)
    answering = Answering(
        request, services, values.get("model") or APPROVED, cached=values.get("fourfold", {}).get("cache", True)
    )
    if answering.asked.upstream is None:
        raise picks_sentences()
    turns = values["messages"]
    live = bool(values.get("stream"))
    texts = answering.texts(turns, parameters, live=live, examples=False)
    if live:
        include_usage = bool(values.get("stream_options", {}).get("include_usage"))
        chunks = _Chunks(request, answering)
        return Stream(chunks.events(texts, include_usage), _failed(request))
    text = "".join(texts).strip()
    return Reply(_completion(request, answering, text))


def picks_sentences() -> Problem:
    """Build the problem of asking the extractive baseline for what it cannot do."""
    return Problem(
        HTTPStatus.NOT_IMPLEMENTED, "The approved target picks sentences and does not generate. Use /v1/summarize."
    )


def _completion(request: Request, answering: Answering, text: str) -> dict[str, object]:
    finish = FINISHES.get(answering.finish, answering.finish)
    return {
        "id": f"chatcmpl-{request.request_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": answering.answering.label,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": finish,
            }
        ],
        "usage": _usage(answering.usage),
        "fourfold": answering.metadata(),
    }


class _Chunks:
    """The chunks of one answer; what they have in common is written once."""

    def __init__(self, request: Request, answering: Answering) -> None:
        self._request, self._answering = request, answering
        self._created = int(time.time())

    def events(self, texts: Iterator[str], include_usage: bool) -> Iterator[bytes]:
        """Give the events of a stream."""
        delta = b""
        for text in texts:
            if not delta:
                # Here and not before: only now is it known which model answers.
                yield self._chunk({"role": "assistant", "content": "", "refusal": None})
                delta = self._chunk({"content": "\x00"})
                before, _, after = delta.partition(b'"\\u0000"')
            yield before + json.dumps(text).encode() + after
        finish = FINISHES.get(self._answering.finish, self._answering.finish)
        usage = _usage(self._answering.usage)
        yield self._chunk({}, finish, fourfold=self._answering.metadata())
        if include_usage:
            yield self._event({**self._head(), "choices": [], "usage": usage})
        yield DONE

    def _chunk(self, delta: dict[str, object], finish: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._event({**self._head(), "choices": [choice], **more})

    def _head(self) -> dict[str, object]:
        return {
            "id": f"chatcmpl-{self._request.request_id}",
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._answering.answering.label,
        }

    def _event(self, document: dict[str, object]) -> bytes:
        return f"data: {json.dumps(document)}\n\n".encode()


def _failed(request: Request):  # type: ignore[no-untyped-def]
    def event(problem: Problem) -> bytes:
        return f"data: {json.dumps(routing.problem_document(problem, request))}\n\n".encode()

    return event


def _usage(usage: Usage) -> dict[str, object]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens},
    }
