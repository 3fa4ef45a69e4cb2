"""Reads the products of AWS's Price List: which is the price of tuning a model, of keeping it, or of serving it.

They are told by the end of the usage's name, `USE1-NovaMicro-Customization-Training`. Terms of a month and more are
other prices, and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cdk_app.catalogue.price_list import PER_THOUSAND, comparable

Tuning = Literal["training", "storage", "unit hour", "in", "out"]
"""A thousand tokens trained; a model kept for a month; a model unit for an hour; a thousand tokens of a tuned model."""

_ENDS: dict[Tuning, re.Pattern[str]] = {
    "training": re.compile(r"-Customization-Training$", re.I),
    "storage": re.compile(r"-Customization-Storage$", re.I),
    "unit hour": re.compile(r"-ProvisionedThroughput-NoCommit-ModelUnits$", re.I),
    "in": re.compile(r"-input-tokens-custom-model$", re.I),
    "out": re.compile(r"-output-tokens-custom-model$", re.I),
}


@dataclass(frozen=True, slots=True)
class TuningRate:
    """One price of a tuned model, in one region."""

    model: str
    """As the offer calls it, made comparable (see `price_list.comparable`)."""
    what: Tuning
    usd: float


def tuning_rates(products: Iterable[Mapping[str, Any]]) -> list[TuningRate]:
    """Return the prices of tuning among the products, each once; what is no such price is left out."""
    found: dict[tuple[str, Tuning], TuningRate] = {}
    for product in products:
        attributes = product.get("product", {}).get("attributes", {})
        usage, name = str(attributes.get("usagetype", "")), attributes.get("model") or attributes.get("titanModel")
        what = next((what for what, end in _ENDS.items() if end.search(usage)), None)
        usd = _usd(product, what) if what else None
        if name and what and usd:
            found.setdefault((comparable(str(name)), what), TuningRate(comparable(str(name)), what, usd))
    return list(found.values())


def _usd(product: Mapping[str, Any], what: Tuning) -> float | None:
    """The price of the unit that `what` is counted in; None where the product is sold by another."""
    for offer in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in offer.get("priceDimensions", {}).values():
            unit = str(dimension.get("unit", "")).casefold()
            usd = float(dimension.get("pricePerUnit", {}).get("USD", 0))
            share = {"storage": float("month" in unit), "unit hour": float("hour" in unit or unit == "hrs")}.get(
                what, PER_THOUSAND.get(unit, 0.0)
            )
            if usd * share > 0:
                return round(usd * share, 12)
    return None
