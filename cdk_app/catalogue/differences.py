"""Where the catalogue and what AWS tells of a region disagree, as lines that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cdk_app.catalogue.amounts import PER_MILLION, per_million, usd
from cdk_app.catalogue.entry import Entry
from cdk_app.catalogue.facts import Bedrock
from cdk_app.catalogue.observation import Observation, Observed
from cdk_app.catalogue.overlay import price_of

Change = Literal["new", "gone", "lifecycle", "end of life", "on demand", "profiles", "price"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact of one model on which the two disagree."""

    model: str
    """Its key; of one that the catalogue lacks, its id."""
    change: Change
    catalogue: str
    aws: str


def differences(entries: Iterable[Entry], observation: Observation) -> list[Difference]:
    """Return every disagreement about a region, in the order of the catalogue; models that it lacks come last."""
    told = {observed.model_id: observed for observed in observation.models}
    known = {entry.bedrock.model_id: entry for entry in entries if entry.bedrock is not None}
    found = [difference for entry in known.values() for difference in _of_entry(entry, told, observation.region)]
    new = [observed for model_id, observed in told.items() if model_id not in known]
    return [*found, *(Difference(observed.model_id, "new", "", observed.name) for observed in new)]


def _of_entry(entry: Entry, told: Mapping[str, Observed], region: str) -> Iterator[Difference]:
    assert entry.bedrock is not None
    bedrock, observed = entry.bedrock, told.get(entry.bedrock.model_id)
    expected = region in bedrock.regions
    if observed is None:
        if expected:
            yield Difference(entry.key, "gone", f"answers in {region}", "not listed")
        return
    if bedrock.lifecycle not in (None, observed.lifecycle):
        yield Difference(entry.key, "lifecycle", str(bedrock.lifecycle), observed.lifecycle)
    end = entry.end_of_life.day.isoformat() if entry.end_of_life else ""
    if observed.end_of_life and observed.end_of_life != end:
        yield Difference(entry.key, "end of life", end or "none announced", observed.end_of_life)
    if (region in bedrock.on_demand) != observed.on_demand:
        yield Difference(entry.key, "on demand", _yes(region in bedrock.on_demand), _yes(observed.on_demand))
    before, now = _profiles(bedrock, region), _profiles_told(observed)
    if before != now:
        yield Difference(entry.key, "profiles", before or "none", now or "none")
    yield from _prices(entry, observed, region)


def _prices(entry: Entry, observed: Observed, region: str) -> Iterator[Difference]:
    for by in sorted({"on-demand", *(profile.geography for profile in observed.profiles)}):
        told, listed = price_of(observed, by, region), entry.price(by, "1k tokens", region)
        if told is None or listed is None:
            continue
        before, now = (listed.usd_in, listed.usd_out), (told.usd_in, told.usd_out)
        if any(a is not None and b is not None and a != b for a, b in zip(before, now, strict=True)):
            yield Difference(entry.key, "price", f"{by} {_usd(before)}", f"{by} {_usd(now)}")


def _usd(sides: tuple[float | None, float | None]) -> str:
    return " / ".join("?" if side is None else usd(per_million(side)) for side in sides) + f" USD {PER_MILLION}"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _profiles(bedrock: Bedrock, region: str) -> str:
    here = [profile for profile in bedrock.profiles if region in profile.source_regions]
    return "; ".join(
        sorted(f"{profile.geography} to {', '.join(profile.destination_regions) or 'everywhere'}" for profile in here)
    )


def _profiles_told(observed: Observed) -> str:
    return "; ".join(
        sorted(
            f"{profile.geography} to {', '.join(profile.destination_regions) or 'everywhere'}"
            for profile in observed.profiles
        )
    )
