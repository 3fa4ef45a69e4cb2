"""Several models side by side: a row a fact, a column a model, as many columns at a time as a terminal has room for."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from rich.console import Console

from cdk_app.catalogue import Entry, NotServed, resolve, why_not_a_candidate
from cdk_app.catalogue.amounts import PER_MILLION
from cli.prices import price_cell
from cli.say import say
from cli.show_models import licence, until, yes_or_no
from cli.tables import Head, print_rows

LEAST = 18
"""Columns of text that a model's facts need to be readable."""
AROUND = 3
"""Columns that a table puts around each of its own: a line, and a blank on either side."""


def show_comparison(entries: Sequence[Entry], region: str | None, today: datetime.date, console: Console) -> None:
    """Print what is known of models, side by side; with a region, how each is asked from there."""
    facts = [dict(_facts(entry, region, today)) for entry in entries]
    names = [name for name in facts[0] if any(of_one[name] for of_one in facts)]
    at_once = _at_once(entries, names, console) if console.is_terminal else len(entries)
    for start in range(0, len(entries), at_once):
        shown = slice(start, start + at_once)
        heads = [Head("model"), *(Head(entry.key, least=len(entry.key)) for entry in entries[shown])]
        print_rows(heads, [[name, *(of_one[name] for of_one in facts[shown])] for name in names], console, "")
    say("What is empty is not known. `fourfold models MODEL` has the sources.", console)


def _at_once(entries: Sequence[Entry], names: Sequence[str], console: Console) -> int:
    """How many models have room beside each other: at least one, whatever the width."""
    first = max(map(len, names)) + AROUND + 1
    widest = max(LEAST, *(len(entry.key) for entry in entries)) + AROUND
    return max(1, (console.width - first) // widest)


def _facts(entry: Entry, region: str | None, today: datetime.date) -> Iterator[tuple[str, str]]:
    limits, abilities = entry.limits, entry.abilities
    yield "provider", entry.provider
    yield "reads → writes", f"{', '.join(entry.reads)} → {', '.join(entry.writes)}"
    yield "context, tokens", _count(limits.context_tokens if limits else None)
    yield "longest answer, tokens", _count(limits.max_output_tokens if limits else None)
    yield f"USD {PER_MILLION}", price_cell(entry, region)
    yield "runs on", ", ".join(entry.platforms)
    if region:
        yield f"asked in {region} as", _asked(entry, region)
    yield "customizable", ", ".join(f"{one.method} on {one.service}" for one in entry.customizations)
    for name in ("streaming", "system_prompt", "tool_use", "prompt_caching"):
        yield name.replace("_", " "), yes_or_no(getattr(abilities, name)) or "" if abilities else ""
    yield "licence", licence(entry)
    yield "until", until(entry, today)
    reason = why_not_a_candidate(entry)
    yield "in a workflow", f"no: it {reason}" if reason else "yes"


def _asked(entry: Entry, region: str) -> str:
    try:
        return resolve(entry, region, account="<account>").model_id
    except NotServed:
        return "does not answer there"


def _count(count: int | None) -> str:
    return f"{count:,}" if count else ""
