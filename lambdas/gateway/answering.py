"""From a question to an answer: the budget, the guard, the cache, and then the models, in this order.

All of it runs in the request's own thread. What a part costs where it is not set up is one comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lambdas.gateway.exchange import Parameters, Turn, Usage
from lambdas.gateway.models import catalogue
from lambdas.gateway.models.catalogue import Served
from lambdas.gateway.models.chain import THROTTLED, Chain
from lambdas.gateway.models.upstream import Finished, Tuning
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services

OFF, PASSED, BLOCKED, MISS = "off", "passed", "blocked", "miss"
FILTERED = "filtered"


class Answering:
    """One answer in the making.

    Args:
        name: of the model that is asked.
        cached: whether a former answer will do.
    """

    def __init__(self, request: Request, services: Services, name: str, *, cached: bool = True) -> None:
        self._request, self._services = request, services
        settings = services.settings
        self.asked = catalogue.served(name, settings)
        self._cached = cached
        names = (name, *settings.fallback.get(self.asked.name, ()))
        self._chain = Chain(
            names,
            lambda other: self.asked if other == name else catalogue.served(other, settings),
            call=request.call,
            breakers=services.breakers,
            tuning=Tuning(correlation_id=request.correlation_id),
        )
        self.usage = Usage()
        self.finish = "stop"

    @property
    def answering(self) -> Served:
        """Give the model that answers; the one that was asked, until one does."""
        return self._chain.answering or self.asked

    def texts(self, turns: Sequence[Turn], parameters: Parameters, *, live: bool, examples: bool) -> Iterator[str]:
        """Give the answer piece by piece, or whole; afterwards `usage` and `finish` are known.

        Args:
            examples: whether the conversation is the task's, and shown with the approved model's examples.
        """
        record = self._request.record

        def prepare(served: Served) -> Sequence[Turn]:
            return served.examples.asked(turns) if examples and served.examples else turns

        try:
            for piece in self._chain.pieces(prepare, parameters, live=live):
                if isinstance(piece, Finished):
                    self._finished(piece)
                else:
                    if record.first_token_ms is None:
                        record.first_token_ms = self._request.milliseconds
                    yield piece
        finally:
            record.throttles += sum(attempt.outcome == THROTTLED for attempt in self._chain.attempts)
            record.fallbacks += int(self._chain.answering is not None and self._chain.answering != self.asked)

    def _finished(self, finished: Finished) -> None:
        usage, more = self.usage, finished.usage
        self.usage = Usage(
            usage.input_tokens + more.input_tokens,
            usage.output_tokens + more.output_tokens,
            usage.cache_read_tokens + more.cache_read_tokens,
            usage.cache_write_tokens + more.cache_write_tokens,
        )
        self.finish = finished.finish
        record = self._request.record
        record.model, record.usage = self.answering.label, self.usage
        cost = self.answering.cost(self.usage)
        record.cost_usd = None if cost is None else round(cost, 9)

    def metadata(self) -> dict[str, object]:
        """Give the extra field of responses: how the answer came about."""
        record = self._request.record
        return {
            "request_id": self._request.request_id,
            "model": self.answering.name,
            "attempts": [attempt.document() for attempt in self._chain.attempts],
            "cache": record.cache,
            "cost_usd": record.cost_usd,
            "first_token_ms": record.first_token_ms,
            "latency_ms": self._request.milliseconds,
            "sources": [],
            "guard": record.guard,
        }
