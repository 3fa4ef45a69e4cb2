"""Models that answer by their names, and what a response tells of having asked them."""

from __future__ import annotations

from typing import Any

from benchmarks.gateway.upstream import Script, Upstream

THROTTLED = Script(error="ThrottlingException", status=429)
GONE = Script(error="ResourceNotFoundException", status=404)


def by_model(upstream: Upstream, **scripts: Script) -> None:
    """Answer by the model's name; one that is not named answers well."""
    upstream.script = lambda path: next((script for name, script in scripts.items() if name in path), Script())


def outcomes(body: Any) -> list[tuple[str, str]]:
    """Give which models were asked, in turn, and what became of it."""
    return [(attempt["model"], attempt["outcome"]) for attempt in body["fourfold"]["attempts"]]
