"""`fourfold models`: the catalogue, picked and shown, and compared with what AWS tells of a region."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_args

from rich.console import Console

from cdk_app.catalogue import ENTRIES, FACTS_READ, Entry
from cdk_app.catalogue.facts import Kind, Medium, Method, Source
from cdk_app.catalogue.filters import Query, select
from cdk_app.catalogue.loading import load_sources
from cdk_app.catalogue.observation import read_observations, write_observation
from cdk_app.catalogue.overlay import ACCOUNT, overlaid
from cli.near import did_you_mean, near
from cli.show_models import show_differences, show_model, show_table

REFRESH = "refresh"
"""In place of a model's key: ask AWS."""


class WrongUsage(Exception):
    """The command makes no sense; the text says what would."""


def query_of(options: Mapping[str, object], state: Path) -> Query:
    """Return the query of the command's options; what was not given asks nothing.

    A region is known if the catalogue, or what AWS told and the state folder keeps, has a model there.

    Raises:
        WrongUsage: a word is none of those that the option knows.
    """
    for name, known in (("kind", get_args(Kind)), ("modality", get_args(Medium)), ("customizable", get_args(Method))):
        if options[name] and options[name] not in known:
            raise WrongUsage(f"--{name} {options[name]} is not known; these are: {', '.join(known)}.")
    if options["region"]:
        _check_region(str(options["region"]), _catalogue(state)[0].values())
    given = {name: value for name, value in options.items() if value not in ("", None)}
    return Query(**given)  # type: ignore[arg-type]


def list_models(query: Query, as_json: bool, state: Path, console: Console, notes: Console) -> int:
    """Print the models that the query asks for. Return 1 if there is none, else 0."""
    entries, sources = _catalogue(state)
    chosen = select(entries.values(), query)
    if as_json:
        _print_json(chosen, sources, console)
    elif chosen:
        show_table(chosen, query.region, console)
    read = sorted({source.read for source in sources.values()})
    told = f"{len(chosen)} of {len(entries)} models. Facts read from {read[0]} to {read[-1]}; list prices."
    notes.print(told, highlight=False, soft_wrap=True)
    if unsaid := [entry.key for entry in entries.values() if query.fits_somewhere_unsaid(entry)]:
        left_out = f"Left out, as no source names the regions of their {query.customizable}: {', '.join(unsaid)}."
        notes.print(left_out, highlight=False, soft_wrap=True)
    if not chosen:
        notes.print("None is known to fit. What is not known of a model fits nothing: ask for less.", soft_wrap=True)
    return int(not chosen)


def tell_of_model(key: str, region: str | None, as_json: bool, state: Path, console: Console) -> None:
    """Print everything that is known of a model, with its sources; with a region, how it is asked from there.

    Raises:
        WrongUsage: there is no such model, or no such region.
    """
    entries, sources = _catalogue(state)
    if key not in entries:
        meant = near(key, {known: _other_names(entry) for known, entry in entries.items()})
        raise WrongUsage(
            f"There is no model {key} in the catalogue. {did_you_mean(meant, '`fourfold models` lists all of them.')}"
        )
    if region:
        _check_region(region, entries.values())
    if as_json:
        _print_json([entries[key]], sources, console)
    else:
        show_model(entries[key], sources, region, console)


def refresh(region: str | None, write: bool, state: Path, console: Console) -> int:
    """Ask AWS about a region and print where the catalogue differs. Return 1 if it does, else 0.

    Raises:
        WrongUsage: no region is given, and none is configured.
        cdk_app.catalogue.account.Unreachable: AWS cannot be asked.
    """
    import boto3  # loads for a while; the catalogue alone does not need it

    from cdk_app.catalogue.account import observe
    from cdk_app.catalogue.differences import differences

    session = boto3.Session()
    region = region or session.region_name
    if not region:
        raise WrongUsage("Which region? Say --region, such as --region us-east-1; none is configured.")
    observation = observe(region, session.client, datetime.datetime.now(datetime.UTC).date().isoformat())
    found = differences(ENTRIES.values(), observation)
    show_differences(found, region, len(observation.models), FACTS_READ, console)
    if write:
        path = write_observation(observation, state)
        console.print(f"{path} keeps it, and `fourfold models` shows it from now on.", highlight=False, soft_wrap=True)
    return int(bool(found))


def _other_names(entry: Entry) -> list[str]:
    """What AWS and its maker call a model, besides its key."""
    ids = [entry.bedrock.model_id if entry.bedrock else None]
    ids += [entry.sagemaker.jumpstart_id, entry.sagemaker.hugging_face_id] if entry.sagemaker else []
    return [entry.name, *filter(None, ids)]


def _check_region(region: str, entries: Iterable[Entry]) -> None:
    """Refuse a region in which no model is known to answer, or to be customizable."""
    known: set[str] = set()
    for entry in entries:
        known.update(entry.bedrock.regions if entry.bedrock else (), *(one.regions for one in entry.customizations))
    if region not in known:
        regions = sorted(known)
        meant = near(region, dict.fromkeys(regions, ()))
        all_of_them = f"Regions are {', '.join(regions)}."
        raise WrongUsage(f"No model is known in {region}. {did_you_mean(meant, all_of_them)}")


def _catalogue(state: Path) -> tuple[dict[str, Entry], dict[str, Source]]:
    """The catalogue with what AWS told of regions over it, and the sources of both."""
    observations, sources = read_observations(state), dict(load_sources())
    if observations:
        youngest = max(observation.day for observation in observations)
        regions = ", ".join(observation.region for observation in observations)
        sources[ACCOUNT] = Source(
            title=f"AWS's own answer in {regions}",
            file=str(state / "models"),
            read=datetime.date.fromisoformat(youngest),
        )
    return overlaid(ENTRIES, observations), sources


def _print_json(entries: list[Entry], sources: Mapping[str, Source], console: Console) -> None:
    used = sorted({source for entry in entries for group in entry.groups.values() for source in group})
    document = {
        "models": [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in entries],
        "sources": {key: sources[key].model_dump(mode="json", exclude_none=True) for key in used},
    }
    print(json.dumps(document, indent=2, ensure_ascii=False), file=console.file)
