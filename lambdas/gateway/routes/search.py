"""``POST /v1/search``: passages of the caller's own documents, and an answer out of them that cites its passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from lambdas.gateway.answering import Answering, Told
from lambdas.gateway.bodies.retrieval import SEARCH
from lambdas.gateway.bodies.sampling import parameters_of
from lambdas.gateway.caps import metered
from lambdas.gateway.exchange import Parameters, Turn
from lambdas.gateway.kept.owner import known
from lambdas.gateway.reply import Reply, Stream, event
from lambdas.gateway.request import Request
from lambdas.gateway.routes.answers import answering, document_of, given, picks_sentences, read
from lambdas.gateway.services import Services

DEFAULT_TOP_K = 5


def search(request: Request, services: Services) -> Reply | Stream:
    """Give the likeliest passages; an answer only where they have to do with what is asked."""
    values = read(SEARCH, request, services)
    limits = services.settings.limits
    query = values["query"]
    made = answering(request, services, values) if values.get("answer") else None
    if made is not None and made.asked.upstream is None:
        raise picks_sentences(services.settings)
    top_k = values.get("top_k") or min(DEFAULT_TOP_K, limits.max_passages)
    if made is None:
        return Reply({"passages": [shown(one) for one in passages_for(request, services, query, top_k)]})
    live = bool(values.get("stream"))
    parameters = parameters_of(values, limits.max_chat_tokens)
    answer = FromDocuments(request, services, made, (Turn("user", query),), parameters, top_k=top_k, live=live)

    def document(output: str) -> dict[str, object]:
        told_of_it = answer.judged(output)
        return {"passages": answer.passages, "answer": document_of(request, made, output=output, **told_of_it)}

    reply = given(request, answer.told(), document, live=live)
    if isinstance(reply, Stream):
        return reply._replace(events=_passages_first(answer, reply.events))
    return reply


class FromDocuments:
    """An answer to a conversation's last turn, out of the passages that are found for it.

    They are looked for when its first piece is asked for: a stream has begun by then, and its client does not wait in
    silence. What was said before goes to the model, but is not looked up: a follow-up that names nothing would find
    passages by the words of a question that was answered already.

    Attributes:
        passages: what was found, as responses show it.
    """

    def __init__(
        self,
        request: Request,
        services: Services,
        made: Answering,
        turns: Sequence[Turn],
        parameters: Parameters,
        *,
        top_k: int,
        live: bool,
    ) -> None:
        self._request, self._services, self._made = request, services, made
        self._turns, self._parameters, self._top_k, self._live = turns, parameters, top_k, live
        self._found: Sequence[Any] = ()
        self._asked = False
        self.passages: list[dict[str, object]] = []

    def told(self) -> Iterator[Told]:
        """Give the answer piece by piece, or whole; where no passage fits, no model is asked."""
        *earlier, last = self._turns
        self._found = passages_for(self._request, self._services, last.content, self._top_k)
        self.passages = [shown(one) for one in self._found]
        asked = prompt(last.content, self._found, self._services.settings.least_evidence)
        if asked is None:
            yield str(_part("answering").NO_ANSWER)
            return
        self._asked = True
        self._made.sources, self._made.query = self.passages, last.content
        yield from self._made.answer((*earlier, *asked), self._parameters, live=self._live)

    def judged(self, output: str) -> dict[str, object]:
        """Say whether a text is an answer out of the passages, and which of them it cites."""
        part = _part("answering")
        answered = self._asked and bool(part.answered(output, self._found))
        return {"citations": list(part.cited(output, self._found)) if answered else [], "answered": answered}


def passages_for(request: Request, services: Services, query: str, top_k: int) -> Sequence[Any]:
    """Give the likeliest passages of the caller's own documents."""
    documents, caller = services.documents, known(request.caller)
    with metered(request, services, services.settings.embedding) as spent:
        return documents.search(caller, query, top_k, spent)


def prompt(query: str, found: Sequence[Any], least_evidence: float) -> tuple[Turn, ...] | None:
    """Give the conversation that asks for an answer out of passages; None where none has to do with the question."""
    if not _part("search").relevant(found, least_evidence):
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
        "evidence": round(float(found.evidence), 4),
    }


def _passages_first(answer: FromDocuments, events: Iterator[bytes]) -> Iterator[bytes]:
    """Show what was found before the model begins; what fails before its first word is still a problem response."""
    first = next(events)
    yield event("passages", {"passages": answer.passages})
    yield first
    yield from events


def _part(name: str) -> Any:
    return import_module(f"lambdas.gateway.retrieval.{name}")
