"""From a question to an answer: the cap, the guard, the caches, and then the models, in this order.

All of it runs in the request's own thread. What a part costs where it is not set up is one comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lambdas.gateway import caps, guarding
from lambdas.gateway.caching import Caching
from lambdas.gateway.exchange import CHARACTERS_PER_TOKEN, Parameters, Question, Turn, Usage, Written, reckoned
from lambdas.gateway.models import catalogue
from lambdas.gateway.models.catalogue import Served
from lambdas.gateway.models.chain import THROTTLED, Chain, fitting
from lambdas.gateway.models.upstream import Finished, Piece, Tuning
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services
from lambdas.shared import log

if TYPE_CHECKING:
    from lambdas.gateway.seams import Blocked

FILTERED = "filtered"


class Progress(NamedTuple):
    """How far a long input has been summarised."""

    part: int
    parts: int


Told = str | Progress
"""A piece of an answer, or how far it has come."""


class Answering:
    """One answer in the making.

    Args:
        name: of the model that is asked.
        cached: what the request says of former answers; None leaves it to the cache.

    Attributes:
        sources: the passages that it is to be answered from, and `query` what is asked about them.
    """

    def __init__(self, request: Request, services: Services, name: str, *, cached: bool | None = None) -> None:
        self._request, self._services, self._name = request, services, name
        settings = services.settings
        self.asked = catalogue.served(name, settings)
        self._guard = services.guard
        self._cached = cached
        self._chain = Chain(
            (name, *settings.fallback.get(self.asked.name, ())),
            self._resolved,
            call=request.call,
            breakers=services.breakers,
            tuning=Tuning(self._guard.converse_config() if self._guard else None, request.correlation_id),
        )
        self.usage = Usage()
        self.finish = "stop"
        self.sources: Sequence[dict[str, object]] = ()
        self.query = ""
        self._shown = self.asked.label
        # Of an answer whose end, and with it the model's own count, has not come yet.
        self._pieces = self._characters = 0
        self._nano_usd: int | None = None

    @property
    def answering(self) -> Served:
        """Give the model that answers; the one that was asked, until one does."""
        return self._chain.answering or self.asked

    @property
    def name(self) -> str:
        """Give what responses call the model: as the request does, or by the name of the one that fell in for it."""
        return self._name if self.answering.name == self.asked.name else self.answering.name

    @property
    def label(self) -> str:
        """Give which model answers: of the approved one its package or id, of the others their names."""
        return self._chain.answering.label if self._chain.answering else self._shown

    def answer(
        self,
        turns: Sequence[Turn],
        parameters: Parameters,
        *,
        live: bool,
        write: Callable[[], Iterator[Told]] | None = None,
        instruction: str = "",
    ) -> Iterator[Told]:
        """Give the answer piece by piece, or whole; afterwards `usage` and `finish` are known.

        Args:
            turns: what is asked.
            live: whether to give it as the model writes.
            write: has it written otherwise than by one question to the models.
            instruction: what stands before the caller's text, for the key of the caches.
        """
        # What the model that is asked does not take is refused; each of those after it takes what it can.
        fitted = fitting(self.asked, parameters)
        caps.allow(self._request, self._services, self.asked.price)
        record = self._request.record
        if self._guard is not None:
            record.guard = guarding.PASSED
            if blocked := self._guard.check_attacks(turns):
                yield from self._block(blocked)
                return
        question = Question(self.asked.name, tuple(turns), fitted)
        wanted = False if self.asked.upstream is None else self._cached
        caching = Caching(
            self._services,
            self._request,
            self.asked,
            question,
            wanted,
            instruction,
            passages=bool(self.sources),
        )
        if (former := caching.find()) is not None:
            yield from self._former(former, caching.outcome)
            return
        record.cache = caching.outcome
        told: list[str] = []
        finished = False
        try:
            for piece in write() if write else self.texts(turns, parameters, live=live):
                if isinstance(piece, str):
                    told.append(piece)
                yield piece
            finished = True
        except guarding.Refused as refused:
            yield from self._block(refused.blocked)
        finally:
            self._account(turns)
        # What another model wrote would be given for this one's, long after this one can answer again.
        if finished and not record.fallbacks:
            caching.keep(Written("".join(told).strip(), self.finish, self.label, self.usage))

    def texts(
        self, turns: Sequence[Turn], parameters: Parameters, *, live: bool, examples: bool = False, part: bool = False
    ) -> Iterator[str]:
        """Ask the models once.

        Args:
            examples: whether the conversation is the task's, and shown with the approved model's examples.
            part: whether the text is for ourselves, and not yet the answer.
        """
        record = self._request.record

        def prepare(served: Served) -> Sequence[Turn]:
            shown = served.examples.asked(turns) if examples and served.examples else turns
            return guarding.passed(self._guard, served, shown)

        pieces = self._counted(self._chain.pieces(prepare, parameters, live=live))
        try:
            passing = guarding.released(
                self._guard, lambda: self.answering, pieces, self.sources, self.query, live=live
            )
            for piece in passing:
                if isinstance(piece, Finished):
                    self._finished(piece)
                elif piece:
                    if record.first_token_ms is None and not part:
                        record.first_token_ms = self._request.milliseconds
                    yield piece
        finally:
            while self._chain.wasted:
                self._count(*self._chain.wasted.pop())
            attempts = self._chain.attempts
            record.throttles = sum(attempt.outcome == THROTTLED for attempt in attempts)
            # Of a text that is read in parts, one part is enough.
            record.fallbacks |= int(self._chain.answering is not None and self.answering.name != self.asked.name)

    def forget_refusal(self) -> None:
        """Leave out of what is told that the model refused what it was asked last: it is asked otherwise now."""
        self._chain.forget_refusal()

    def metadata(self) -> dict[str, object]:
        """Give the extra field of responses: how the answer came about."""
        record = self._request.record
        return {
            "request_id": self._request.request_id,
            "model": self.answering.name,
            "label": self.label,
            "attempts": [attempt.document() for attempt in self._chain.attempts],
            "cache": record.cache,
            "cost_usd": record.cost_usd,
            "first_token_ms": record.first_token_ms,
            "latency_ms": self._request.milliseconds,
            "sources": list(self.sources),
            "guard": record.guard,
        }

    def _resolved(self, name: str) -> Served:
        """Give a model of the chain; a fallback that the cap refuses, and not the one that was asked, is left out."""
        if name == self._name:
            return self.asked
        served = catalogue.served(name, self._services.settings)
        caps.allow(self._request, self._services, served.price)
        return served

    def _former(self, former: Written, outcome: str) -> Iterator[str]:
        """Give a former answer, which costs nothing again."""
        record = self._request.record
        record.cache, record.model, record.nano_usd = outcome, former.model, record.nano_usd or 0
        record.first_token_ms = self._request.milliseconds
        self._shown, self.finish, self.usage = former.model, former.finish, former.usage
        yield former.text

    def _block(self, blocked: Blocked) -> Iterator[str]:
        """Say that nothing is answered; which rule it was is for the log."""
        log.warning("Blocked", side=blocked.side, reason=blocked.reason)
        self._request.record.guard = guarding.BLOCKED
        self.finish = FILTERED
        yield guarding.message()

    def _counted(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Count what a model wrote, whether it may pass to the caller or not."""
        for piece in pieces:
            if isinstance(piece, Finished):
                self._pieces = self._characters = 0
                self._count(self.answering, piece.usage)
            else:
                self._pieces += 1
                self._characters += len(piece)
            yield piece

    def _finished(self, finished: Finished) -> None:
        self.finish = finished.finish
        if finished.blocked:
            self._request.record.guard = guarding.BLOCKED

    def _count(self, served: Served, more: Usage) -> None:
        """Add what a model took to what the request has taken so far."""
        self.usage += more
        if (nano_usd := served.nano_usd(more)) is not None:
            self._nano_usd = (self._nano_usd or 0) + nano_usd
        self._request.record.model = self.label
        self._request.record.took(more, nano_usd)

    def _account(self, turns: Sequence[Turn]) -> None:
        """Count what was used; of an answer that was given up, what can be told without the model's own count."""
        if self._pieces:
            # A piece has one token or several, and one of a token is short.
            written = max(self._pieces, self._characters // CHARACTERS_PER_TOKEN)
            self._count(self.answering, reckoned(turns, written))
        caps.account(self._request, self._services, self.usage, self._nano_usd)
