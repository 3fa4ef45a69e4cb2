"""Checks of settings against each other: the pairs of valid values that make no sense together."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.settings.rules import customization, data, gateway, hosting, measuring, models, pairs, search, training
from cdk_app.settings.rules.rule import RULES, Breach, Subject

__all__ = [
    "Breach",
    "Subject",
    "breaches",
    "customization",
    "data",
    "gateway",
    "hosting",
    "measuring",
    "models",
    "pairs",
    "search",
    "training",
]


def breaches(subject: Subject) -> Iterator[Breach]:
    """Yield what every rule finds that can be applied to the subject."""
    for rule in RULES:
        if all(subject.readable(path) for path in rule.reads):
            yield from rule.check(subject)
