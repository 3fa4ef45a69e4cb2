"""What the routes work with: the settings, the models, and the parts that are on where the environment names them.

A part is imported when the first request needs it: a cold start pays for none of those that it does not use. What each
is asked for here is a protocol, so that it can be read, and stood in for, without the part itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from importlib import import_module
from typing import Any, Protocol

from lambdas.gateway import settings
from lambdas.gateway.exchange import Caller, Question, Turn, Usage, Written
from lambdas.gateway.models.breaker import Breakers
from lambdas.gateway.problems import Problem
from lambdas.gateway.settings import Settings
from lambdas.shared import environment

TABLE, DOCUMENTS = "GATEWAY_TABLE", "DOCUMENTS_BUCKET"


class Guard(Protocol):
    """What may come in and go out."""

    version: str

    def converse_config(self) -> dict[str, Any] | None:
        """Give Converse's ``guardrailConfig``, or None."""
        ...

    def check_attacks(self, turns: Sequence[Turn]) -> Any:
        """Give what blocks a conversation before any model reads it, or None."""
        ...

    def check_input(self, turns: Sequence[Turn]) -> Any:
        """Give a conversation as it may pass to a model that does not guard itself, or what blocks it."""
        ...

    def check_output(self, text: str, *, sources: Sequence[str] = (), query: str = "") -> Any:
        """Give a text as it may pass to the caller, or what blocks it."""
        ...


class Cache(Protocol):
    """Former answers by the key of all that they depend on."""

    def find(self, key: str) -> Written | None:
        """Give the answer under a key."""
        ...

    def keep(self, key: str, written: Written) -> bool:
        """Keep an answer, if it is one to keep."""
        ...


class SemanticCache(Protocol):
    """Former answers by the meaning of the question."""

    def find(self, scope: Any, question: Question) -> tuple[Written | None, Any]:
        """Give an answer to a question like this one, and the vector of this one."""
        ...

    def keep(self, scope: Any, question: Question, vector: Any, written: Written) -> bool:
        """Keep an answer, if it is one to keep."""
        ...


class Meter(Protocol):
    """What callers have used today, and the caps on it."""

    def allow(self, caller: Caller) -> None:
        """Let a request begin, or raise ``CapReached``."""
        ...

    def account(self, caller: Caller, usage: Usage, nano_usd: int | None) -> Any:
        """Count one answer."""
        ...

    def today(self, caller: Caller) -> Any:
        """Give what a caller has used today."""
        ...

    def cap(self) -> float | None:
        """Give each caller's cap in US dollars a day."""
        ...

    def lifts_at(self) -> datetime:
        """Give the moment at which the caps lift."""
        ...


class Documents(Protocol):
    """The caller's own documents."""

    def add(
        self, caller: Caller, name: str, media_type: str, content: bytes, progress: Callable[[int, int], None]
    ) -> Any:
        """Read a document in and give it."""
        ...

    def list(self, caller: Caller) -> Sequence[Any]:
        """Give the caller's documents."""
        ...

    def remove(self, caller: Caller, document_id: str) -> None:
        """Remove a document; a Problem of 404 for one that the caller does not have."""
        ...

    def search(self, caller: Caller, query: str, top_k: int) -> Sequence[Any]:
        """Give the likeliest passages, the likeliest first."""
        ...


class Services:
    """Made once for a process."""

    def __init__(self) -> None:
        self.breakers = Breakers()

    @property
    def settings(self) -> Settings:
        """Give the settings; raises `ConfigurationError` where they cannot be read."""
        return settings.current()

    @cached_property
    def guard(self) -> Guard | None:
        """Give the guard; None where there is no guardrail, and attacks are not looked for."""
        if not environment.optional("GUARDRAIL_ID") and not self._member("guard").get("attacks"):
            return None
        guard: Guard = _part("guard").Guard.from_environment(self.settings.document)
        return guard

    @cached_property
    def cache(self) -> Cache | None:
        """Give the exact cache; None without a table, or where the settings want none."""
        if not environment.optional(TABLE) or not self.settings.cache.exact:
            return None
        cache: Cache = _part("cache").Cache.from_environment(self.settings.document)
        return cache

    @cached_property
    def semantic_cache(self) -> SemanticCache | None:
        """Give the semantic cache; None without a table, or where the settings want none."""
        if not environment.optional(TABLE) or self.settings.cache.least_similarity is None:
            return None
        cache: SemanticCache = _part("cache").SemanticCache.from_environment(self.settings.document)
        return cache

    @cached_property
    def meter(self) -> Meter | None:
        """Give the meter; None without a table."""
        if not environment.optional(TABLE):
            return None
        meter: Meter = _part("usage").Meter.from_environment(self.settings.document)
        return meter

    @cached_property
    def history(self) -> Any:
        """Give the callers' conversations; raises where there is no table."""
        _needed("History is not kept here", TABLE)
        return _part("kept").History.from_environment()

    @cached_property
    def feedback(self) -> Any:
        """Give the callers' feedback; raises where there is no table, or no bucket for what is learnt from it."""
        _needed("Feedback is not kept here", TABLE, "FEEDBACK_BUCKET", "FEEDBACK_PREFIX")
        return _part("kept").FeedbackStore.from_environment()

    @cached_property
    def documents(self) -> Documents:
        """Give the callers' documents; raises where there is no bucket or no table for them."""
        _needed("Documents are not kept here", TABLE, DOCUMENTS)
        documents: Documents = _part("retrieval").Documents.from_environment(self.settings.document)
        return documents

    def _member(self, name: str) -> Mapping[str, Any]:
        return self.settings.document.get(name) or {}


def needed_meter(services: Services) -> Meter:
    """Give the meter; a Problem of 501 where there is none."""
    _needed("Usage is not counted here", TABLE)
    assert services.meter is not None
    return services.meter


def not_set_up(what: str, *names: str) -> Problem:
    """Build the problem of a part that is off, with the remedy."""
    missing = " and ".join(names)
    return Problem(
        HTTPStatus.NOT_IMPLEMENTED,
        f"{what}: {missing} {'is' if len(names) == 1 else 'are'} not set on the gateway's function. "
        "Deploy the gateway's stack anew; it sets them.",
    )


def _needed(what: str, *names: str) -> None:
    if missing := [name for name in names if not environment.optional(name)]:
        raise not_set_up(what, *missing)


def _part(name: str) -> Any:
    return import_module(f"lambdas.gateway.{name}")
