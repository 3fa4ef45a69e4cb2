"""Picks models out of the catalogue: every condition that is given must hold, and what is not known holds none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import get_args

from cdk_app.catalogue.amounts import per_million
from cdk_app.catalogue.entry import Entry, Platform
from cdk_app.catalogue.facts import Customization, Kind, Medium, Method, Price, Service, Unit

COMPARED: Mapping[Kind, Unit] = {"chat": "1k tokens", "embedding": "1k tokens", "image": "image", "rerank": "query"}
"""What `Query.max_price` is a price of, by kind of model: what is billed otherwise cannot be held against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a model must be. None asks nothing."""

    provider: str | None = None
    """Part of the provider's name, in any case of letters."""
    kind: Kind | None = None
    modality: Medium | None = None
    """What it reads or writes."""
    region: str | None = None
    """A region where Bedrock answers with it; with `customizable`, where it is customized so."""
    max_price: float | None = None
    """Most US dollars, by every way to ask: of a million tokens, in and out each; of an image, or of a query."""
    customizable: Method | None = None
    licence: str | None = None
    """Part of the licence's name, in any case of letters."""
    min_context: int | None = None
    """Least tokens of prompt and answer together."""
    runs_on: Platform | None = None
    streaming: bool | None = None
    """Whether Bedrock sends its answer in parts."""
    tool_use: bool | None = None
    """Whether it can ask for tools."""

    def fits(self, entry: Entry) -> bool:
        """Whether the model is one of those asked for."""
        return self._fits_wherever(entry) and self._is_there(entry)

    def unsaid(self, entry: Entry) -> tuple[Service, ...]:
        """The services for whose sake alone the model is left out: no source names the regions where they customize it.

        None for a model that is kept, or that does not fit for another reason.
        """
        if self.region is None or self._is_there(entry) or not self._fits_wherever(entry):
            return ()
        return tuple(one.service for one in self._customizations(entry) if not one.regions)

    def too_dear(self, entry: Entry) -> tuple[Price, ...]:
        """The prices above the most of a model that is left out for them, though by other ways it costs less."""
        if self.max_price is None or not replace(self, max_price=None).fits(entry):
            return ()
        prices = asked_at(entry, COMPARED[entry.kind], self.region)
        above = tuple(price for price in prices if dearer_side(price) > self.max_price)
        return above if len(above) < len(prices) else ()

    def not_compared(self, entry: Entry) -> tuple[Price, ...]:
        """The prices of a model that is left out because it is billed by none of what the most is a price of."""
        if self.max_price is None or not replace(self, max_price=None).fits(entry):
            return ()
        return () if any(price.unit == COMPARED[entry.kind] for price in entry.prices) else entry.prices

    def _fits_wherever(self, entry: Entry) -> bool:
        return (
            _part_of(self.provider, entry.provider)
            and self.kind in (None, entry.kind)
            and (self.modality is None or self.modality in (*entry.reads, *entry.writes))
            and (self.max_price is None or _costs_at_most(entry, self.max_price, self.region))
            and (self.customizable is None or bool(self._customizations(entry)))
            and (self.licence is None or _part_of(self.licence, entry.licence.name if entry.licence else None))
            and (self.min_context is None or self.min_context <= _context(entry))
            and (self.runs_on is None or self.runs_on in entry.platforms)
            and self.streaming in (None, entry.abilities and entry.abilities.streaming)
            and self.tool_use in (None, entry.abilities and entry.abilities.tool_use)
        )

    def _is_there(self, entry: Entry) -> bool:
        if self.region is None:
            return True
        if self.customizable is not None:
            return any(self.region in one.regions for one in self._customizations(entry))
        return entry.bedrock is not None and self.region in entry.bedrock.regions

    def _customizations(self, entry: Entry) -> list[Customization]:
        return [one for one in entry.customizations if one.method == self.customizable]


def select(entries: Iterable[Entry], query: Query) -> list[Entry]:
    """Return the models that a query asks for, in their order."""
    return [entry for entry in entries if query.fits(entry)]


def usual_prices(entry: Entry, region: str | None = None) -> tuple[Price, ...]:
    """Return the prices to show of a model: of each unit that it bills the lowest of its ways, or of a region's."""
    found = []
    for unit in get_args(Unit):
        prices = [price for price in entry.prices if price.unit == unit and price.by in _ways(entry, region)]
        here = [price for price in prices if price.region == region]
        listed = here or [price for price in prices if price.region is None]
        found += [min(listed, key=dearer_side)] if listed else []
    return tuple(found)


def asked_at(entry: Entry, unit: Unit, region: str | None = None) -> tuple[Price, ...]:
    """Return what a unit costs by each way to ask the model, or by each of a region's."""
    found = (entry.price(way, unit, region) for way in _ways(entry, region))
    return tuple(price for price in found if price is not None)


def _ways(entry: Entry, region: str | None) -> list[str]:
    ways = list(dict.fromkeys(price.by for price in entry.prices))
    if region is None or entry.bedrock is None:
        return ways
    there = entry.bedrock.ways(region)
    return [way for way in ways if way in there]


def dearer_side(price: Price) -> float:
    """US dollars of a million tokens, or of another unit: of what goes in or comes out, whichever costs more."""
    most = max(price.usd_in or 0.0, price.usd_out or 0.0)
    return per_million(most) if price.unit == "1k tokens" else most


def _part_of(wanted: str | None, text: str | None) -> bool:
    return wanted is None or (text is not None and wanted.casefold() in text.casefold())


def _costs_at_most(entry: Entry, usd: float, region: str | None) -> bool:
    prices = asked_at(entry, COMPARED[entry.kind], region)
    return bool(prices) and all(dearer_side(price) <= usd for price in prices)


def _context(entry: Entry) -> int:
    return (entry.limits.context_tokens if entry.limits else None) or 0
