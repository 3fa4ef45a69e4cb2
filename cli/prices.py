"""Prices as a person reads them: US dollars in plain decimals, of tokens by the million, of all else by its unit."""

from __future__ import annotations

from cdk_app.catalogue import Entry
from cdk_app.catalogue.amounts import PER_MILLION, per_million, usd
from cdk_app.catalogue.facts import Price
from cdk_app.catalogue.filters import asked_at, dearer_side, usual_prices


def amount(price: Price) -> str:
    """Write what a price is, of tokens without their unit: `0.035 in, 0.14 out`, `0.00006 per image`."""
    if price.unit != "1k tokens":
        return f"{usd(price.usd_in or price.usd_out or 0)} per {price.unit}"
    sides = ((price.usd_in, "in"), (price.usd_out, "out"))
    return ", ".join(f"{usd(per_million(side))} {name}" for side, name in sides if side is not None)


def money(price: Price) -> str:
    """Write a price with its unit: `0.035 in, 0.14 out per million tokens`."""
    return f"{amount(price)} {PER_MILLION}" if price.unit == "1k tokens" else amount(price)


def price_cell(entry: Entry, region: str | None) -> str:
    """Write the lowest price of each unit that a model bills, with its place, `from` where other ways cost more.

    The head of the column says that prices of tokens are of a million.
    """
    found = []
    for price in usual_prices(entry, region):
        ways = asked_at(entry, price.unit, region)
        start = "from " if any(dearer_side(way) > dearer_side(price) for way in ways) else ""
        found.append(f"{start}{amount(price)} ({_short(price)})")
    return "; ".join(found)


def _short(price: Price) -> str:
    """Where a price holds, as short as a cell of the table has room for."""
    return price.region or ("US" if price.place == "the United States" else f"`{price.by}`")
