"""Lays what AWS told of regions over the catalogue: where the two disagree about one, AWS is right.

What the service does not tell stays as it was. A model that the catalogue lacks becomes an entry, with no more than
the service tells of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from cdk_app.catalogue.entry import Entry
from cdk_app.catalogue.facts import Customization, EndOfLife, Kind, Price, Profile, TuningPrice
from cdk_app.catalogue.observation import Observation, Observed
from cdk_app.catalogue.price_list import Way

ACCOUNT = "account"
"""The source of what AWS told: the key that stands in entries for it."""


def overlaid(entries: Mapping[str, Entry], observations: Iterable[Observation]) -> dict[str, Entry]:
    """Return the catalogue as the observations have it, in its order; models that it lacked come last."""
    result = dict(entries)
    for observation in observations:
        keys = {entry.bedrock.model_id: key for key, entry in result.items() if entry.bedrock is not None}
        told = {observed.model_id: observed for observed in observation.models}
        for model_id, key in keys.items():
            result[key] = _updated(result[key], told.get(model_id), observation.region)
        for model_id, observed in told.items():
            if model_id not in keys:
                entry = _new(observed, observation.region, result)
                result[entry.key] = entry
    return result


def price_of(observed: Observed, by: str, region: str) -> Price | None:
    """Return what AWS tells of a price: `by` as in `Price`. None where it tells of none that fits."""
    way: Way = "global" if by == "global" else "regional"
    usd = {rate.side: rate.usd for rate in observed.rates if rate.way == way}
    if not usd:
        return None
    return Price(
        by=by, unit="1k tokens", usd_in=usd.get("in"), usd_out=usd.get("out"), region=region, sources=(ACCOUNT,)
    )


def _updated(entry: Entry, observed: Observed | None, region: str) -> Entry:
    assert entry.bedrock is not None
    elsewhere = tuple(p for profile in entry.bedrock.profiles if (p := _without(profile, region)) is not None)
    on_demand = set(entry.bedrock.on_demand) - {region}
    update: dict[str, object] = {"sources": _and_account(entry.bedrock.sources)}
    if observed is not None:
        elsewhere += observed.profiles
        on_demand |= {region} if observed.on_demand else set()
        update["lifecycle"] = observed.lifecycle
    update |= {"profiles": elsewhere, "on_demand": tuple(sorted(on_demand))}
    changes: dict[str, object] = {"bedrock": entry.bedrock.model_copy(update=update)}
    if observed is not None:
        if observed.end_of_life is not None:
            changes["end_of_life"] = EndOfLife(day=date.fromisoformat(observed.end_of_life), sources=(ACCOUNT,))
        changes["customizations"] = tuple(_priced(one, observed, region) for one in entry.customizations)
        changes["prices"] = (*(p for p in entry.prices if p.region != region), *_prices(observed, region))
    return entry.model_copy(update=changes)


def _priced(customization: Customization, observed: Observed, region: str) -> Customization:
    """The customization with what AWS tells of its price in a region, where it is offered there."""
    if customization.service != "bedrock" or region not in customization.regions or not observed.tuning:
        return customization
    usd = {rate.what: rate.usd for rate in observed.tuning}
    here = TuningPrice(
        region=region,
        usd_trained=usd.get("training"),
        usd_month=usd.get("storage"),
        usd_unit_hour=usd.get("unit hour"),
        usd_in=usd.get("in"),
        usd_out=usd.get("out"),
        sources=(ACCOUNT,),
    )
    others = tuple(price for price in customization.prices if price.region != region)
    return customization.model_copy(update={"prices": (here, *others)})


def _without(profile: Profile, region: str) -> Profile | None:
    left = tuple(source for source in profile.source_regions if source != region)
    return profile.model_copy(update={"source_regions": left}) if left else None


def _and_account(sources: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*sources, ACCOUNT)))


def _prices(observed: Observed, region: str) -> tuple[Price, ...]:
    ways = dict.fromkeys(["on-demand", *(profile.geography for profile in observed.profiles)])
    return tuple(price for by in ways if (price := price_of(observed, by, region)) is not None)


def _new(observed: Observed, region: str, taken: Mapping[str, Entry]) -> Entry:
    return Entry.model_validate(
        {
            "key": _key(observed.model_id, taken),
            "name": observed.name,
            "provider": observed.provider,
            "kind": _kind(observed),
            "reads": observed.reads or ("text",),
            "writes": observed.writes or ("text",),
            "sources": (ACCOUNT,),
            "bedrock": {
                "model_id": observed.model_id,
                "lifecycle": observed.lifecycle,
                "on_demand": (region,) if observed.on_demand else (),
                "profiles": [profile.model_dump(by_alias=True) for profile in observed.profiles],
                "sources": (ACCOUNT,),
            },
            "prices": [price.model_dump() for price in _prices(observed, region)],
        }
    )


def _kind(observed: Observed) -> Kind:
    if "embedding" in observed.writes:
        return "embedding"
    if "image" in observed.writes:
        return "image"
    return "rerank" if "rerank" in observed.model_id else "chat"


def _key(model_id: str, taken: Mapping[str, Entry]) -> str:
    """A key of the id's own words; with the provider's name where the words alone are taken or too few."""
    words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"(-v\d+)?(:\d+)?$", "", model_id.casefold())).strip("-")
    short = words.partition("-")[2][:41].strip("-")
    key = short if re.fullmatch(r"[a-z][a-z0-9-]{2,40}", short) else words[:41].strip("-")
    return key if key not in taken else words[:41].strip("-")
