"""``POST /v1/chat/completions`` in OpenAI's format, whole or as chunks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from lambdas.gateway import routing
from lambdas.gateway.answering import Answering, Told
from lambdas.gateway.bodies.chat import CHAT
from lambdas.gateway.bodies.sampling import parameters_of
from lambdas.gateway.exchange import Usage
from lambdas.gateway.problems import Problem
from lambdas.gateway.reply import Reply, Stream
from lambdas.gateway.request import Request
from lambdas.gateway.routes.answers import answering, picks_sentences, read, whole
from lambdas.gateway.services import Services

DONE = b"data: [DONE]\n\n"
FINISHES = {"filtered": "content_filter"}
Metadata = Callable[[str], dict[str, object]]
"""Gives the extra field of a response to an answer's text."""


def chat(request: Request, services: Services) -> Reply | Stream:
    """Go on with a conversation."""
    values = read(CHAT, request, services)
    made = answering(request, services, values)
    if made.asked.upstream is None:
        raise picks_sentences(services.settings)
    live = bool(values.get("stream"))
    parameters = parameters_of(values, services.settings.limits.max_chat_tokens)
    told: Iterator[Told]
    metadata: Metadata
    if (values.get("fourfold") or {}).get("documents"):
        from lambdas.gateway.routes.search import FromDocuments  # of use to these chats alone

        top_k = services.settings.limits.max_passages
        answer = FromDocuments(request, services, made, values["messages"], parameters, top_k=top_k, live=live)
        told, metadata = answer.told(), lambda text: {**made.metadata(), **answer.judged(text)}
    else:
        told, metadata = made.answer(values["messages"], parameters, live=live), lambda _: made.metadata()
    if live:
        include_usage = bool((values.get("stream_options") or {}).get("include_usage"))
        chunks = _Chunks(request, made, metadata, include_usage=include_usage)
        return Stream(chunks.events(told), lambda problem: _event(_failed(request, problem)))
    text = whole(told)
    return Reply(_completion(request, made, text, metadata(text)))


def _completion(request: Request, made: Answering, text: str, metadata: dict[str, object]) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{request.request_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": made.name,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": FINISHES.get(made.finish, made.finish),
            }
        ],
        "usage": _usage(made.usage),
        "fourfold": metadata,
    }


class _Chunks:
    """The chunks of one answer; what they have in common is written once."""

    def __init__(self, request: Request, made: Answering, metadata: Metadata, *, include_usage: bool) -> None:
        self._request, self._made, self._metadata, self._include_usage = request, made, metadata, include_usage
        self._created = int(time.time())

    def events(self, told: Iterator[Told]) -> Iterator[bytes]:
        """Give the events of a stream."""
        before = after = b""
        written: list[str] = []
        for text in told:
            if isinstance(text, str):
                written.append(text)
            if not before:
                # Here and not earlier: only now is it known which model answers.
                yield self._first()
                before, _, after = self._chunk({"content": "\x00"}).partition(b'"\\u0000"')
            yield before + json.dumps(text).encode() + after
        if not before:
            yield self._first()
        finish = FINISHES.get(self._made.finish, self._made.finish)
        yield self._chunk({}, finish, fourfold=self._metadata("".join(written)))
        if self._include_usage:
            yield _event({**self._head(), "choices": [], "usage": _usage(self._made.usage)})
        yield DONE

    def _first(self) -> bytes:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def _chunk(self, delta: dict[str, object], finish: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = {"usage": None} if self._include_usage else {}
        return _event({**self._head(), "choices": [choice], **usage, **more})

    def _head(self) -> dict[str, object]:
        return {
            "id": f"chatcmpl-{self._request.request_id}",
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._made.name,
        }


def _event(document: dict[str, object]) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()


def _failed(request: Request, problem: Problem) -> dict[str, object]:
    return routing.problem_document(problem, request)


def _usage(usage: Usage) -> dict[str, object]:
    # Converse counts what comes out of the prompt's cache, and goes into it, apart from the input; OpenAI within it.
    prompt = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": usage.output_tokens,
        "total_tokens": prompt + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens},
    }
