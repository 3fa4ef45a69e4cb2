"""Former answers: by the very same question first, then by one that means the same."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lambdas.gateway.caps import allowed, metered
from lambdas.gateway.exchange import Question, Written
from lambdas.gateway.models.catalogue import Served
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services

if TYPE_CHECKING:
    from lambdas.gateway.seams import SemanticCache

OFF, MISS, EXACT, SEMANTIC = "off", "miss", "exact", "semantic"


class Caching:
    """The caches for one question.

    Args:
        wanted: what the request says; None leaves it to the cache.
        instruction: what stands before the caller's text.
        passages: whether the question holds passages of documents, beside which its own words say little.

    Attributes:
        outcome: `OFF`, `MISS`, `EXACT` or `SEMANTIC`.
    """

    def __init__(
        self,
        services: Services,
        request: Request,
        asked: Served,
        question: Question,
        wanted: bool | None,
        instruction: str,
        *,
        passages: bool,
    ) -> None:
        self._exact, self._semantic = services.cache, None if passages else services.semantic_cache
        self._services, self._request, self._question = services, request, question
        self._key, self._vector = "", None
        self._scope: Any = None
        self.outcome = OFF
        if wanted is False or (self._exact is None and self._semantic is None):
            return
        # Whose an answer is cannot be told where the API is open.
        if request.caller.kind == "open":
            return
        part = import_module("lambdas.gateway.cache")
        if not part.is_cacheable(question, wanted):
            return
        self.outcome = MISS
        guardrail = services.guard.version if services.guard else ""
        self._scope = part.Scope(request.caller, asked.version, guardrail=guardrail, instruction=instruction)
        self._key = self._scope.key(question)

    def find(self) -> Written | None:
        """Give a former answer, if there is one."""
        if self.outcome == OFF:
            return None
        if self._exact is not None and (found := self._exact.find(self._key)) is not None:
            self.outcome = EXACT
            return found
        if self._semantic is not None and (found := self._like(self._semantic)) is not None:
            self.outcome = SEMANTIC
            return found
        return None

    def _like(self, cache: SemanticCache) -> Written | None:
        """Give the answer to a question like this one; the embedding is the caller's own, and none beyond the cap."""
        model = self._services.settings.embedding
        if model is not None and not allowed(self._request, self._services, model.price):
            return None
        with metered(self._request, self._services, model) as spent:
            found, self._vector = cache.find(self._scope, self._question, spent)
        return found

    def keep(self, written: Written) -> None:
        """Keep an answer for the next one who asks."""
        if self.outcome != MISS:
            return
        if self._exact is not None:
            self._exact.keep(self._key, written)
        if self._semantic is not None and self._vector is not None:
            self._semantic.keep(self._scope, self._question, self._vector, written)
