"""What the routes that answer have in common: reading the body, and giving the answer whole or as events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from lambdas.gateway.answering import Answering, Progress, Told
from lambdas.gateway.bodies.checking import Body, Check
from lambdas.gateway.exchange import APPROVED
from lambdas.gateway.problems import Problem
from lambdas.gateway.reply import Reply, Stream, event
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services
from lambdas.gateway.settings import Settings

Document = Callable[[str], dict[str, object]]
"""Gives the response to an answer's text."""


def read(body: Body, request: Request, services: Services) -> dict[str, Any]:
    """Read a body and raise all that is wrong with it."""
    check = Check(services.settings.limits)
    values = body.read(request.json(), check)
    check.finish()
    return values


def answering(request: Request, services: Services, values: Mapping[str, Any]) -> Answering:
    """Make the answer that a body asks for."""
    cached = (values.get("fourfold") or {}).get("cache")
    return Answering(request, services, values.get("model") or APPROVED, cached=cached)


def given(request: Request, told: Iterator[Told], document: Document, *, live: bool) -> Reply | Stream:
    """Give an answer whole, or as events."""
    if live:
        return Stream(_events(told, document), lambda problem: failed(request, problem))
    return Reply(document(whole(told)))


def whole(told: Iterator[Told]) -> str:
    """Give the text of an answer."""
    return "".join(piece for piece in told if isinstance(piece, str)).strip()


def document_of(request: Request, made: Answering, **more: object) -> dict[str, object]:
    """Give the response of a task."""
    return {
        "id": request.request_id,
        "model": made.name,
        "run_id": made.answering.run_id,
        **more,
        "finish_reason": made.finish,
        "usage": asdict(made.usage),
        "latency_ms": request.milliseconds,
        "fourfold": made.metadata(),
    }


def picks_sentences(settings: Settings) -> Problem:
    """Build the problem of asking the extractive baseline for what it cannot do, with the models that can."""
    others = ", ".join(model.name for model in settings.models)
    remedy = f"Use /v1/summarize, or ask {others}." if others else "Use /v1/summarize."
    return Problem(HTTPStatus.NOT_IMPLEMENTED, f"The approved target picks sentences and does not generate. {remedy}")


def _events(told: Iterator[Told], document: Document) -> Iterator[bytes]:
    texts = []
    for piece in told:
        if isinstance(piece, Progress):
            yield event("progress", {"part": piece.part, "parts": piece.parts})
        else:
            texts.append(piece)
            yield event("delta", {"text": piece})
    yield event("done", document("".join(texts).strip()))


def failed(request: Request, problem: Problem) -> bytes:
    """Give the event for a problem that ends a stream."""
    return event("error", problem.document(f"urn:request:{request.request_id}"))
