"""What the routes work with: the settings, the models, and the parts that are on where the environment names them.

A part is imported when the first request needs it: a cold start pays for none of those that it does not use.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lambdas.gateway import settings
from lambdas.gateway.models.breaker import Breakers
from lambdas.gateway.problems import Problem
from lambdas.gateway.settings import Settings
from lambdas.shared import environment

if TYPE_CHECKING:
    from lambdas.gateway.seams import Cache, Documents, Guard, Meter, SemanticCache

TABLE, DOCUMENTS = "GATEWAY_TABLE", "DOCUMENTS_BUCKET"


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
        documents: Documents = _part("retrieval.documents").Documents.from_environment(self.settings)
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
