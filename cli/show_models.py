"""Models in a terminal: many in a table, or one with all its facts and where each was read.

Elsewhere than on a terminal the table is a line a model, with tabs, so that other programs can read it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console

from cdk_app.catalogue import CATALOGUE, Entry, NotServed, asked_from, invocations, resolve, why_not_a_candidate
from cdk_app.catalogue.differences import Difference
from cdk_app.catalogue.facts import Method, Price, Source
from cdk_app.catalogue.filters import per_million, usual_price
from cli.show_tuning_prices import tuning_cell, tuning_prices
from cli.tables import Head, print_rows

HEADS = (
    Head("model"),
    Head("provider", goes=5),
    Head("kind", goes=6),
    Head("reads → writes", goes=7),
    Head("context", goes=2),
    Head("USD", least=18, goes=1),
    Head("runs on", goes=4),
    Head("customizable", goes=3),
    Head("licence", least=10, goes=8),
    Head("until", least=10, goes=9),
)
TUNING = Head("tuning", least=24, goes=3)
UNKNOWN = "?"


def show_table(entries: Sequence[Entry], region: str | None, tuned: Method | None, console: Console) -> None:
    """Print a line a model; with what it costs to tune it in one way, if one is named."""
    elsewhere = "A wider terminal has it, `fourfold models MODEL`, and a pipe."
    rows = [_row(entry, region) for entry in entries]
    if tuned is None:
        print_rows(HEADS, rows, console, elsewhere)
    else:
        with_tuning = [(*row, tuning_cell(entry, tuned)) for row, entry in zip(rows, entries, strict=True)]
        print_rows([*HEADS, TUNING], with_tuning, console, elsewhere)


def _row(entry: Entry, region: str | None) -> tuple[str, ...]:
    price = usual_price(entry, region)
    return (
        entry.key,
        entry.provider,
        entry.kind,
        f"{', '.join(entry.reads)} → {', '.join(entry.writes)}",
        _tokens(entry.limits.context_tokens if entry.limits else None),
        f"{money(price)} ({_short(price)})" if price else UNKNOWN,
        ", ".join(entry.platforms),
        ", ".join(dict.fromkeys(customization.method for customization in entry.customizations)),
        (entry.licence.name or "see its terms") if entry.licence else UNKNOWN,
        entry.end_of_life.day.isoformat() if entry.end_of_life else "",
    )


def money(price: Price) -> str:
    """Write a price: of tokens by the million, of other units by the unit."""
    if price.unit == "1k tokens":
        sides = [f"{per_million(usd):g} {side}" for usd, side in _sides(price)]
        return f"{', '.join(sides)} per million tokens"
    return f"{price.usd_in or price.usd_out:g} per {price.unit}"


def _short(price: Price) -> str:
    """Where a price holds, as short as a cell of the table has room for."""
    return price.region or ("US" if price.place == "the United States" else f"`{price.by}`")


def _sides(price: Price) -> list[tuple[float, str]]:
    return [(usd, side) for usd, side in ((price.usd_in, "in"), (price.usd_out, "out")) if usd is not None]


def _tokens(count: int | None) -> str:
    return UNKNOWN if count is None else f"{count:,}"


def show_model(entry: Entry, sources: Mapping[str, Source], region: str | None, console: Console) -> None:
    """Print the facts of a model by group, each group with its sources."""
    _line(console, f"{entry.key}: {entry.name}, by {entry.provider}")
    reason = why_not_a_candidate(entry)
    _line(console, f"  {'No candidate of a workflow: it ' + reason if reason else 'A workflow can name it.'}")
    for group, facts in _facts(entry):
        if facts:
            _line(console, "")
            for name, text in facts:
                _line(console, f"  {name + ':':<25} {text}")
            for key in entry.groups.get(group, ()):
                _line(console, f"    from {_source(sources[key])}")
    if region is not None:
        _line(console, "")
        _show_invocation(entry, region, console)


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _source(source: Source) -> str:
    return f"{source.title} ({source.version or source.url or source.file}, read {source.read})"


def _facts(entry: Entry) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    yield (
        "name and media",
        [("kind", entry.kind), ("reads", ", ".join(entry.reads)), ("writes", ", ".join(entry.writes))],
    )
    if limits := entry.limits:
        known = [("context", f"{_tokens(limits.context_tokens)} tokens")]
        yield "limits", [*known, ("longest answer", f"{_tokens(limits.max_output_tokens)} tokens")]
    if bedrock := entry.bedrock:
        asked: dict[str, list[str]] = {}
        for profile in bedrock.profiles:
            asked.setdefault(profile.geography, []).extend(profile.source_regions)
        profiles = [(f"profile {geography}", f"asked in {', '.join(sorted(asked[geography]))}") for geography in asked]
        here = ("its own id answers in", ", ".join(bedrock.on_demand) or "no region")
        yield "bedrock", [("Bedrock's id", bedrock.model_id), ("state", bedrock.lifecycle or UNKNOWN), here, *profiles]
    if sagemaker := entry.sagemaker:
        images = [(f"image for {processor}", ", ".join(keys)) for processor, keys in sagemaker.images.items()]
        ids = [("JumpStart", sagemaker.jumpstart_id), ("Hugging Face", sagemaker.hugging_face_id)]
        yield "sagemaker", [*((name, text) for name, text in ids if text), *images]
    if abilities := entry.abilities:
        yield "abilities", [(name.replace("_", " "), _yes(value)) for name, value in abilities if name != "sources"]
    if licence := entry.licence:
        yield "licence", [("licence", licence.name or UNKNOWN), ("terms", licence.terms or UNKNOWN)]
    yield (
        "customization",
        [
            (c.method, f"on {c.service}" + (f" in {', '.join(c.regions)}" if c.regions else ""))
            for c in entry.customizations
        ],
    )
    yield (
        "price",
        [(f"price {p.by}", f"USD {money(p)} in {p.place}") for p in entry.prices],
    )
    yield "price of tuning", list(tuning_prices(entry))
    if entry.end_of_life:
        yield "end of life", [("until", entry.end_of_life.day.isoformat())]


def _yes(value: object) -> str:
    return UNKNOWN if value is None else "yes" if value else "no"


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
