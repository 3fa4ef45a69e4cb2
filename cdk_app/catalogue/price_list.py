"""Reads the products of AWS's Price List: which of them is the price of a model's tokens, asked in the usual way.

Two offers write differently. `AmazonBedrock` names a model and a kind of inference, and prices a thousand tokens;
`AmazonBedrockFoundationModels`, of models sold through the Marketplace, has both in the name of the usage, and prices a
million. Batches, caches and service tiers are other prices, and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

SERVICE_CODES = ("AmazonBedrock", "AmazonBedrockFoundationModels")
"""The offers that models of Bedrock are in."""

Way = Literal["global", "regional"]
"""A request through a geography costs what one in the region costs that it is made in."""
Side = Literal["in", "out"]

_OTHER_WAYS = re.compile(r"batch|flex|priority|latency|cache|custom|provisioned|reserved|long.?context|lctx", re.I)
_USUAL_KIND = re.compile(r"^(text )?(?P<side>input|output) tokens?$", re.I)
_GLOBAL_KIND = re.compile(r"^cross-region global (?P<side>input|output) tokens?$", re.I)
_MARKETPLACE = re.compile(r"_(?P<side>input|output)_?token(s|count)(?P<everywhere>_global)?(_standard)?-units$", re.I)
PER_THOUSAND = {"1k tokens": 1.0, "1m tokens": 0.001, "units": 0.001}
"""What a price of the unit is to be multiplied by for one of a thousand tokens."""


@dataclass(frozen=True, slots=True)
class TokenRate:
    """The price of a thousand tokens that go into a model or come out of it, in one region."""

    model: str
    """As the offer calls it, made comparable (see `comparable`)."""
    way: Way
    side: Side
    usd: float


def comparable(name: str) -> str:
    """A model's name so that those of the price list, of the API and of ids can be compared."""
    plain = re.sub(r"\(amazon bedrock edition\)", "", name.casefold())
    return re.sub(r"[^a-z0-9]+", "", plain)


def token_rates(products: Iterable[Mapping[str, Any]]) -> list[TokenRate]:
    """Return the prices of tokens among the products, each once; what is no such price is left out."""
    found: dict[tuple[str, Way, Side], TokenRate] = {}
    for product in products:
        rate = _rate(product)
        if rate is not None:
            found.setdefault((rate.model, rate.way, rate.side), rate)
    return list(found.values())


def _rate(product: Mapping[str, Any]) -> TokenRate | None:
    attributes = product.get("product", {}).get("attributes", {})
    usage = str(attributes.get("usagetype", ""))
    kind = str(attributes.get("inferenceType", ""))
    tier = str(attributes.get("service_tier", "") or "standard")
    if tier != "standard" or _OTHER_WAYS.search(f"{usage} {kind} {attributes.get('feature', '')}"):
        return None
    name = attributes.get("model") or attributes.get("titanModel") or attributes.get("servicename")
    found = _way_and_side(usage, kind)
    usd = _usd_of_a_thousand(product)
    if not name or found is None or usd is None:
        return None
    return TokenRate(comparable(str(name)), *found, usd)


def _way_and_side(usage: str, kind: str) -> tuple[Way, Side] | None:
    if match := _MARKETPLACE.search(usage):
        return ("global" if match["everywhere"] else "regional", _side(match["side"]))
    if match := _GLOBAL_KIND.match(kind):
        return ("global", _side(match["side"]))
    if match := _USUAL_KIND.match(kind):
        return ("global" if "global" in usage.casefold() else "regional", _side(match["side"]))
    return None


def _side(word: str) -> Side:
    return "in" if word.casefold() == "input" else "out"


def _usd_of_a_thousand(product: Mapping[str, Any]) -> float | None:
    for offer in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in offer.get("priceDimensions", {}).values():
            share = PER_THOUSAND.get(str(dimension.get("unit", "")).casefold())
            usd = float(dimension.get("pricePerUnit", {}).get("USD", 0))
            if share is not None and usd > 0:
                return round(usd * share, 12)
    return None
