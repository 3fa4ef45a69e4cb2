"""`fourfold models`: the catalogue, picked and shown, and compared with what AWS tells of a region."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from cdk_app.catalogue import ENTRIES, FACTS_READ, Entry
from cdk_app.catalogue.facts import ACCOUNT, Service, Source
from cdk_app.catalogue.filters import Query, select
from cdk_app.catalogue.loading import load_sources
from cdk_app.catalogue.observation import read_observations, write_observation
from cdk_app.catalogue.overlay import overlaid
from cli.compare_models import show_comparison
from cli.model_options import REFRESH, WrongUsage, check_region
from cli.near import did_you_mean, near
from cli.prices import money
from cli.say import tell
from cli.show_models import ENDED, has_ended, not_known, show_differences, show_model, show_table
from cli.show_tuning_prices import has_tuning_cell, tuning_not_known
from cli.words import plural

_SERVICES: dict[Service, tuple[str, str]] = {
    "bedrock": ("Bedrock", "https://docs.aws.amazon.com/bedrock/latest/userguide/models-regions.html"),
    "sagemaker": ("SageMaker", "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html"),
}


def list_models(query: Query, as_json: bool, state: Path, console: Console, notes: Console) -> int:
    """Print the models that the query asks for. Return 1 if there is none, else 0."""
    entries, sources = catalogue(state)
    chosen = select(entries.values(), query)
    if as_json:
        _print_json(chosen, sources, console)
    elif chosen:
        show_table(chosen, query.region, query.customizable, _today(), console)
    read = sorted({source.read for source in sources.values()})
    told = f"{len(chosen)} of {plural(len(entries), 'model')}. Facts read from {read[0]} to {read[-1]}; list prices."
    about_cells = () if as_json else _about_cells(chosen, query)
    for line in (told, *about_cells, *_too_dear(entries.values(), query), *_left_out(entries.values(), query)):
        tell(line, notes)
    if not chosen:
        tell("None is known to fit. What is not known of a model fits nothing: ask for less.", notes)
    return int(not chosen)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def _about_cells(chosen: Sequence[Entry], query: Query) -> Iterator[str]:
    """Say once, below the table, what its cells leave open, and which models are at their end."""
    today = _today()
    if ended := [entry.key for entry in chosen if has_ended(entry, today)]:
        yield f"Ended: {', '.join(ended)}. {ENDED}."
    if line := not_known(chosen, query.region):
        yield line
    tuned = query.customizable
    if tuned and has_tuning_cell(tuned) and (line := tuning_not_known(chosen, tuned)):
        yield line


def _too_dear(entries: Iterable[Entry], query: Query) -> Iterator[str]:
    """Say which models are left out because some of their ways cost more, or because they are billed otherwise."""
    dear, otherwise = [], []
    for entry in entries:
        if above := query.too_dear(entry):
            dear.append(f"{entry.key} (by {', '.join(f'`{price.by}`' for price in above)})")
        otherwise += [f"{entry.key} ({money(price)})" for price in query.not_compared(entry)]
    if dear:
        narrower = "" if query.region else " --region keeps the ways of one region."
        yield f"Left out, as some ways to ask them cost more: {', '.join(dear)}.{narrower}"
    if otherwise:
        yield f"Left out, as they are not billed by what --max-price is a price of: {', '.join(otherwise)}."


def _left_out(entries: Iterable[Entry], query: Query) -> Iterator[str]:
    """Say of each service which models are left out because no source names the regions where it customizes them."""
    unsaid = [(entry.key, query.unsaid(entry)) for entry in entries]
    for service, (name, page) in _SERVICES.items():
        if keys := [key for key, services in unsaid if service in services]:
            what = f"{name}'s {query.customizable} of {', '.join(keys)}"
            where = f"`fourfold models MODEL` has the sources, {page} the regions of {name} itself"
            yield f"Left out, as no source names the regions: {what}. Without --region they are listed; {where}."


def tell_of_models(keys: Sequence[str], region: str | None, as_json: bool, state: Path, console: Console) -> None:
    """Print everything that is known of a model, with its sources; of several, what can be compared, side by side.

    With a region they are told as they are asked from there.

    Raises:
        WrongUsage: there is no such model, or no such region.
    """
    entries, sources = catalogue(state)
    if unknown := [_no_such_model(key, entries) for key in keys if key not in entries]:
        raise WrongUsage("\n".join(unknown))
    if region:
        check_region(region, entries.values())
    chosen = [entries[key] for key in dict.fromkeys(keys)]
    if as_json:
        _print_json(chosen, sources, console)
    elif len(chosen) == 1:
        show_model(chosen[0], sources, region, _today(), console)
    else:
        show_comparison(chosen, region, _today(), console)


def _no_such_model(key: str, entries: Mapping[str, Entry]) -> str:
    meant = near(key, {known: entry.other_names for known, entry in entries.items()} | {REFRESH: ()})
    return f"There is no model {key} in the catalogue. {did_you_mean(meant, '`fourfold models` lists all of them.')}"


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


def catalogue(state: Path) -> tuple[dict[str, Entry], dict[str, Source]]:
    """Return the catalogue with what AWS told of regions over it, and the sources of both."""
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
        "models": [_document(entry) for entry in entries],
        "sources": {key: sources[key].model_dump(mode="json", exclude_none=True) for key in used},
    }
    print(json.dumps(document, indent=2, ensure_ascii=False), file=console.file)


def _document(entry: Entry) -> dict[str, object]:
    """Everything that is known of a model, each price with the place that it is of."""
    document: dict[str, object] = entry.model_dump(mode="json", by_alias=True, exclude_none=True)
    prices = [{**price.model_dump(mode="json", exclude_none=True), "place": price.place} for price in entry.prices]
    return document | {"prices": prices}
