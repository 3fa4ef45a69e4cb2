"""Models in a terminal: many in a table, or one with all its facts and where each was read.

Elsewhere than on a terminal the table is a line a model, with tabs, so that other programs can read it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console

from cdk_app.catalogue import CATALOGUE, Entry, NotServed, asked_from, invocations, resolve, why_not_a_candidate
from cdk_app.catalogue.amounts import PER_MILLION
from cdk_app.catalogue.differences import Difference
from cdk_app.catalogue.facts import Method, Source
from cdk_app.catalogue.filters import usual_prices
from cli.prices import money, price_cell
from cli.show_tuning_prices import has_tuning_cell, tuning_cell, tuning_prices
from cli.tables import Head, print_rows
from cli.words import plural

ENDED = "AWS switches a model off on the day of its end of life, or shortly after"
HEADS = (
    Head("model"),
    Head("provider", goes=5),
    Head("kind", goes=6),
    Head("reads → writes", goes=7),
    Head("context", goes=2),
    Head(f"USD {PER_MILLION}", least=18, goes=1),
    Head("runs on", goes=4),
    Head("customizable", goes=3),
    Head("licence", least=10, goes=8),
    Head("until", least=10, goes=9),
)
TUNING = Head("tuning", least=24, goes=3)


def show_table(
    entries: Sequence[Entry], region: str | None, tuned: Method | None, today: datetime.date, console: Console
) -> None:
    """Print a line a model; with what it costs to tune it in one way, if one is named that has a price.

    What is not known is empty: `not_known` says of how many models.
    """
    elsewhere = "A wider terminal has it, `fourfold models MODEL`, and a pipe."
    rows = [_row(entry, region, today) for entry in entries]
    if tuned is None or not has_tuning_cell(tuned):
        print_rows(HEADS, rows, console, elsewhere)
    else:
        with_tuning = [(*row, tuning_cell(entry, tuned)) for row, entry in zip(rows, entries, strict=True)]
        print_rows([*HEADS, TUNING], with_tuning, console, elsewhere)


def not_known(entries: Sequence[Entry], region: str | None) -> str:
    """Say of how many models a cell of the table is empty because nothing is known; nothing if of none."""
    lacking = {
        "the context": sum(not (entry.limits and entry.limits.context_tokens) for entry in entries),
        "the price": sum(not usual_prices(entry, region) for entry in entries),
        "the licence": sum(not licence(entry) for entry in entries),
    }
    told = [f"{name} of {count}" for name, count in lacking.items() if count]
    return f"Not known, and left empty: {', '.join(told)}." if told else ""


def licence(entry: Entry) -> str:
    """Name the licence; where only the page with its terms is known, point there."""
    facts = entry.licence
    return "" if facts is None else facts.name or ("see its terms" if facts.terms else "")


def has_ended(entry: Entry, today: datetime.date) -> bool:
    """Whether AWS has switched the model off, or does so today."""
    return entry.end_of_life is not None and entry.end_of_life.day <= today


def until(entry: Entry, today: datetime.date) -> str:
    """Name the last day of a model on Bedrock, and whether it has come."""
    if entry.end_of_life is None:
        return ""
    return f"{entry.end_of_life.day}, ended" if has_ended(entry, today) else f"{entry.end_of_life.day}"


def _row(entry: Entry, region: str | None, today: datetime.date) -> tuple[str, ...]:
    return (
        entry.key,
        entry.provider,
        entry.kind,
        f"{', '.join(entry.reads)} → {', '.join(entry.writes)}",
        _count(entry.limits.context_tokens if entry.limits else None) or "",
        price_cell(entry, region),
        ", ".join(entry.platforms),
        ", ".join(dict.fromkeys(customization.method for customization in entry.customizations)),
        licence(entry),
        until(entry, today),
    )


def _count(count: int | None, unit: str = "") -> str | None:
    return None if count is None else plural(count, unit) if unit else f"{count:,}"


def show_model(
    entry: Entry, sources: Mapping[str, Source], region: str | None, today: datetime.date, console: Console
) -> None:
    """Print the facts of a model by group, each group with its sources, and last what is not known."""
    _line(console, f"{entry.key}: {entry.name}, by {entry.provider}")
    if has_ended(entry, today):
        _line(console, f"  Until {until(entry, today)}: {ENDED}.")
    reason = why_not_a_candidate(entry)
    _line(console, f"  {'No candidate of a workflow: it ' + reason if reason else 'A workflow can name it.'}")
    unknown: list[str] = []
    for group, facts in _facts(entry, today):
        unknown += [name for name, text in facts if text is None]
        if known := [(name, text) for name, text in facts if text is not None]:
            _line(console, "")
            for name, text in known:
                _line(console, f"  {name + ':':<25} {text}")
            for key in entry.groups.get(group, ()):
                _line(console, f"    from {_source(sources[key])}")
    if unknown:
        _line(console, "")
        _line(console, f"  Not known: {', '.join(unknown)}.")
    if region is not None:
        _line(console, "")
        _show_invocation(entry, region, console)


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _source(source: Source) -> str:
    return f"{source.title} ({source.version or source.url or source.file}, read {source.read})"


def _facts(entry: Entry, today: datetime.date) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Give the facts by group, each as its name and a text; None where a group leaves it open."""
    yield (
        "name and media",
        [("kind", entry.kind), ("reads", ", ".join(entry.reads)), ("writes", ", ".join(entry.writes))],
    )
    limits = entry.limits
    answer = [("longest answer", _count(limits.max_output_tokens if limits else None, "token"))]
    context = _count(limits.context_tokens if limits else None, "token")
    yield "limits", [("context", context), *(answer if "text" in entry.writes else [])]
    if bedrock := entry.bedrock:
        asked: dict[str, list[str]] = {}
        for profile in bedrock.profiles:
            asked.setdefault(profile.geography, []).extend(profile.source_regions)
        profiles = [(f"profile {geography}", f"asked in {', '.join(sorted(asked[geography]))}") for geography in asked]
        here = ("its own id answers in", ", ".join(bedrock.on_demand) or "no region")
        yield "bedrock", [("Bedrock's id", bedrock.model_id), ("state", bedrock.lifecycle), here, *profiles]
    if sagemaker := entry.sagemaker:
        images = [(f"image for {processor}", ", ".join(keys)) for processor, keys in sagemaker.images.items()]
        ids = [("JumpStart", sagemaker.jumpstart_id), ("Hugging Face", sagemaker.hugging_face_id)]
        yield "sagemaker", [*((name, text) for name, text in ids if text), *images]
    if abilities := entry.abilities:
        yield (
            "abilities",
            [(name.replace("_", " "), yes_or_no(value)) for name, value in abilities if name != "sources"],
        )
    terms = [("terms", entry.licence.terms)] if entry.licence and entry.licence.terms else []
    yield "licence", [("licence", licence(entry) or None), *terms]
    yield (
        "customization",
        [
            (c.method, f"on {c.service}" + (f" in {', '.join(c.regions)}" if c.regions else ""))
            for c in entry.customizations
        ],
    )
    yield (
        "price",
        [(f"price {p.by}", f"USD {money(p)} in {p.place}") for p in entry.prices] or [("price", None)],
    )
    yield "price of tuning", list(tuning_prices(entry))
    if entry.end_of_life:
        yield "end of life", [("until", until(entry, today))]


def yes_or_no(value: object) -> str | None:
    """Write an ability; None for one of which nothing is known."""
    return None if value is None else "yes" if value else "no"


def _show_invocation(entry: Entry, region: str, console: Console) -> None:
    try:
        chosen = resolve(entry, region, account="<account>")
    except NotServed as error:
        _line(console, f"  {error}")
        return
    _line(console, f"  From {region}, Converse is told `{chosen.model_id}`, and the role needs bedrock:InvokeModel on")
    for resource in chosen.resources:
        _line(console, f"    {resource}")
    others = [way.model_id for way in invocations(entry, region, account="<account>")[1:]]
    if others:
        _line(console, f"  It answers to {', '.join(others)} as well.")
    if entry.key in CATALOGUE:
        named = asked_from(CATALOGUE[entry.key], region)
        there = f"asks it as `{named}`" if named else "cannot ask it: its template names a profile that is not there"
        _line(console, f"  A workflow deployed to {region} {there}.")


def show_differences(
    found: Sequence[Difference], region: str, asked: int, read: datetime.date, console: Console
) -> None:
    """Print where the catalogue and AWS disagree about a region."""
    told = f"AWS lists {asked} models in {region}; the catalogue's facts were read up to {read}."
    if not found:
        _line(console, f"{told} They agree.")
        return
    _line(console, f"{told} They differ in {len(found)} facts:")
    heads = (Head("model"), Head("what"), Head("the catalogue"), Head("AWS"))
    rows = [(one.model, one.change, one.catalogue, one.aws) for one in found]
    print_rows(heads, rows, console, "")
