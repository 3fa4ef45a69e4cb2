"""Which entries a workflow can name, and how each becomes a `Model`.

A candidate reads text and writes text, answers Converse, and has a price and a context that are known: what lacks one
of these cannot be compared, and is not in `CATALOGUE`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType

from cdk_app.catalogue.entry import Entry
from cdk_app.catalogue.facts import Bedrock, Price
from cdk_app.catalogue.loading import load_entries, load_sources
from cdk_app.catalogue.model import Modality, Model, SecondPrice, TokenPrice
from cdk_app.catalogue.regions import GEOGRAPHIES, Route, template_route

ENTRIES: Mapping[str, Entry] = load_entries()
"""Everything that is known of models, by key."""

FACTS_READ: datetime.date = max(source.read for source in load_sources().values())
"""The day on which the youngest of the sources was read."""

_LIST_PRICE: dict[Route, str] = {"global": "global", "geographic": "us", "on-demand": "on-demand"}
_READABLE: tuple[Modality, ...] = ("text", "image", "audio", "video")


def why_not_a_candidate(entry: Entry) -> str | None:
    """Return why no workflow can ask the model, as the end of a sentence; None if one can."""
    if entry.function or "bedrock-import" in entry.platforms:
        return None
    if entry.kind != "chat" or "text" not in entry.reads or entry.writes != ("text",):
        return f"is a model for {_PURPOSES.get(entry.kind, 'other media than text')}"
    if entry.bedrock is None:
        return "is not on Bedrock, where candidates are asked"
    if entry.end_of_life is not None and entry.end_of_life.day <= FACTS_READ:
        return f"has been switched off on {entry.end_of_life.day}"
    if entry.bedrock.lifecycle == "legacy":
        return "is a legacy model, which AWS is about to switch off"
    return _why_not_asked(entry, entry.bedrock)


_PURPOSES = {"embedding": "embeddings", "image": "images", "rerank": "ranking"}


def _why_not_asked(entry: Entry, bedrock: Bedrock) -> str | None:
    abilities = entry.abilities
    if abilities is None or not abilities.converse:
        return "is not known to answer Converse"
    if abilities.system_prompt is False:
        return "takes no system prompt, which records may have"
    if _list_price(entry, template_route(bedrock)) is None:
        return "has no known price by which it could be compared"
    return None if entry.limits and entry.limits.context_tokens else "has no known context length"


def _list_price(entry: Entry, route: Route | None) -> Price | None:
    price = entry.price(_LIST_PRICE[route], "1k tokens") if route else None
    return price if price and price.usd_in and price.usd_out else None


def _model(entry: Entry) -> Model:
    """The entry as a workflow uses it; it must be one that a workflow can ask."""
    limits, licence = entry.limits, entry.licence
    assert limits is not None
    assert limits.context_tokens is not None
    route = template_route(entry.bedrock) if entry.bedrock else None
    imported = "bedrock-import" in entry.platforms
    return Model(
        key=entry.key,
        provider=entry.provider,
        platform="lambda" if entry.function else "bedrock-import" if imported else "bedrock",
        model_id=None if imported or entry.bedrock is None else entry.bedrock.model_id,
        inference_profile=route if route in ("geographic", "global") else None,
        license=_terms(licence.name if licence else None, licence.terms if licence else None),
        context_tokens=limits.context_tokens,
        modalities=tuple(medium for medium in _READABLE if medium in entry.reads),
        price=_price(entry, route),
        prices_by_geography=_prices_by_geography(entry) if route == "geographic" else (),
        hugging_face_id=entry.sagemaker.hugging_face_id if imported and entry.sagemaker else None,
        end_of_life=entry.end_of_life.day.isoformat() if entry.end_of_life else None,
        sampling=entry.abilities is None or entry.abilities.sampling is not False,
    )


def _terms(name: str | None, page: str | None) -> str:
    return name or (f"see {page}" if page else "unknown")


def _price(entry: Entry, route: Route | None) -> TokenPrice | SecondPrice:
    tokens = _list_price(entry, route)
    if tokens is not None and tokens.usd_in is not None and tokens.usd_out is not None:
        return TokenPrice(tokens.usd_in, tokens.usd_out)
    timed = next(price for price in entry.prices if price.unit in ("second", "minute"))
    assert timed.usd_in is not None
    return SecondPrice(timed.usd_in / 60 if timed.unit == "minute" else timed.usd_in)


def _prices_by_geography(entry: Entry) -> tuple[tuple[str, TokenPrice], ...]:
    """The prices of the profiles that templates know; none where all are one.

    Where no source has a profile's price, the list price stands for it.
    """
    usual = _token_price(_list_price(entry, "geographic"))
    found = {by: _token_price(entry.price(by, "1k tokens")) or usual for by in sorted(set(GEOGRAPHIES.values()))}
    prices = tuple((by, price) for by, price in found.items() if price)
    return prices if len({price for _, price in prices}) > 1 else ()


def _token_price(price: Price | None) -> TokenPrice | None:
    return TokenPrice(price.usd_in, price.usd_out) if price and price.usd_in and price.usd_out else None


def _candidates() -> list[Entry]:
    possible = [entry for entry in ENTRIES.values() if why_not_a_candidate(entry) is None]
    return sorted(possible, key=lambda entry: (not entry.function, "bedrock-import" not in entry.platforms))


CATALOGUE: Mapping[str, Model] = MappingProxyType({entry.key: _model(entry) for entry in _candidates()})
"""Every model that a workflow can name, by its key; the function first, then what is imported."""


def asked_from(model: Model, region: str) -> str | None:
    """Return what a workflow that is deployed to a region tells Converse; None if nothing answers to that there.

    A template knows the prefix of the region's geography from `GEOGRAPHIES`, and no other.
    """
    entry = ENTRIES[model.key]
    if entry.bedrock is None or model.model_id is None:
        return None
    geography = {"geographic": GEOGRAPHIES.get(region), "global": "global", None: "on-demand"}[model.inference_profile]
    if geography not in entry.bedrock.ways(region):
        return None
    return model.converse_model_id.replace("${BedrockGeography}", str(geography))
