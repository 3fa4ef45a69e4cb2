"""What AWS told of its models in one region on one day, and the file that keeps it.

The file lies beside what is deployed on this machine and is never read by a synthesis, which stays the same wherever
it runs; `fourfold models` lays it over the catalogue.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from cdk_app.catalogue.facts import Profile, Record
from cdk_app.catalogue.price_list import TokenRate
from cdk_app.catalogue.tuning_price_list import TuningRate


class UnreadableObservation(Exception):
    """The file is not one that `fourfold models refresh --write` wrote; the text says what to do."""


class Observed(Record):
    """One model, as the service tells of it in one region."""

    model_id: str
    name: str
    provider: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    streaming: bool | None = None
    lifecycle: Literal["active", "legacy"]
    end_of_life: str | None = None
    on_demand: bool
    profiles: tuple[Profile, ...] = ()
    rates: tuple[TokenRate, ...] = ()
    tuning: tuple[TuningRate, ...] = ()


class Observation(Record):
    """Every model of a region."""

    region: str
    day: str
    models: tuple[Observed, ...]


def observation_file(folder: Path, region: str) -> Path:
    """Where what was told of a region is kept, in the project's folder of local state."""
    return folder / "models" / f"{region}.json"


def write_observation(observation: Observation, folder: Path) -> Path:
    """Keep what AWS told, in place of what it told of the region before; return the file."""
    path = observation_file(folder, observation.region)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(observation.model_dump_json(indent=1, by_alias=True) + "\n", encoding="utf-8")
    return path


def read_observations(folder: Path) -> list[Observation]:
    """Return what is kept of every region.

    Raises:
        UnreadableObservation: a file is broken.
    """
    found = []
    for path in sorted((folder / "models").glob("*.json")):
        try:
            found.append(Observation.model_validate_json(path.read_text(encoding="utf-8")))
        except (ValidationError, UnicodeDecodeError):
            raise UnreadableObservation(
                f"{path} is not what `fourfold models refresh --write` writes. Delete it, or write it anew."
            ) from None
    return found
