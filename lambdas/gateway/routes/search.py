"""``POST /v1/search``: passages of the caller's own documents, and an answer out of them that cites its passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from lambdas.gateway.answering import Told
from lambdas.gateway.bodies.retrieval import SEARCH
from lambdas.gateway.bodies.sampling import parameters_of
from lambdas.gateway.caps import metered
from lambdas.gateway.exchange import Turn
from lambdas.gateway.kept.owner import known
from lambdas.gateway.reply import Reply, Stream, event
from lambdas.gateway.request import Request
from lambdas.gateway.routes.answers import answering, document_of, given, picks_sentences, read
from lambdas.gateway.services import Services

DEFAULT_TOP_K = 5
UNANSWERED: dict[str, object] = {"citations": [], "answered": False}


def search(request: Request, services: Services) -> Reply | Stream:
    """Give the likeliest passages; an answer only where they have to do with what is asked."""
    values = read(SEARCH, request, services)
    limits = services.settings.limits
    query = values["query"]
    made = answering(request, services, values) if values.get("answer") else None
    if made is not None and made.asked.upstream is None:
        raise picks_sentences()
    found = passages_for(request, services, query, values.get("top_k") or min(DEFAULT_TOP_K, limits.max_passages))
    passages = [shown(one) for one in found]
    live = bool(values.get("stream"))
    if made is None:
        return Reply({"passages": passages})
    made.sources, made.query = passages, query
    asked = prompt(query, found)
    parameters = parameters_of(values, limits.max_chat_tokens)
    told = refusal() if asked is None else made.answer(asked, parameters, live=live)

    def document(output: str) -> dict[str, object]:
        told_of_it = UNANSWERED if asked is None else judged(output, found)
        return {"passages": passages, "answer": document_of(request, made, output=output, **told_of_it)}

    reply = given(request, told, document, live=live)
    if isinstance(reply, Stream):
        return reply._replace(events=_passages_first(passages, reply.events))
    return reply


def passages_for(request: Request, services: Services, query: str, top_k: int) -> Sequence[Any]:
    """Give the likeliest passages of the caller's own documents."""
    documents, caller = services.documents, known(request.caller)
    with metered(request, services, services.settings.embedding) as spent:
        return documents.search(caller, query, top_k, spent)


def prompt(query: str, found: Sequence[Any]) -> tuple[Turn, ...] | None:
    """Give the conversation that asks for an answer out of passages; None where none has to do with the question."""
    if not _part("search").relevant(found):
        return None
    return tuple(_part("answering").answer_prompt(query, found))


def shown(found: Any) -> dict[str, object]:
    """Give a passage as responses show it."""
    return {
        "document_id": found.document_id,
        "name": found.name,
        "passage": found.passage,
        "text": found.text,
        "score": round(float(found.score), 4),
    }


def refusal() -> Iterator[Told]:
    """Give the answer where no passage has to do with the question: no model is asked for one."""
    return iter([_part("answering").NO_ANSWER])


def judged(output: str, found: Sequence[Any]) -> dict[str, object]:
    """Say whether a model's text is an answer out of the passages, and which of them it cites."""
    part = _part("answering")
    answered = bool(part.answered(output, found))
    return {"citations": list(part.cited(output, found)) if answered else [], "answered": answered}


def _passages_first(passages: list[dict[str, object]], events: Iterator[bytes]) -> Iterator[bytes]:
    """Show what was found before the model begins; what fails before its first word is still a problem response."""
    first = next(events)
    yield event("passages", {"passages": passages})
    yield first
    yield from events


def _part(name: str) -> Any:
    return import_module(f"lambdas.gateway.retrieval.{name}")
