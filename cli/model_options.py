"""The options of `fourfold models`: what each takes, which go together, and what a word meant that none knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from cdk_app.catalogue import Entry
from cdk_app.catalogue.entry import Platform
from cdk_app.catalogue.facts import Kind, Medium, Method
from cdk_app.catalogue.filters import Query
from cli.near import did_you_mean, near, not_known

REFRESH = "refresh"
"""In place of a model's key: ask AWS."""

_WORDS = {"kind": get_args(Kind), "modality": get_args(Medium), "customizable": get_args(Method)}
_WORDS["runs_on"] = get_args(Platform)


class WrongUsage(Exception):
    """The command makes no sense; the text says what would."""


def query_of(options: Mapping[str, object], entries: Iterable[Entry]) -> Query:
    """Return the query of the command's options; what was not given asks nothing.

    Args:
        options: by the name of a condition of `Query`.
        entries: the models that are picked from: a region, a provider or a licence that none of them has is not known.

    Raises:
        WrongUsage: a word is none of those that its option knows.
    """
    given, known = _given(options), list(entries)
    for name, words in _WORDS.items():
        if name in given and given[name] not in words:
            raise WrongUsage(not_known(_option(name), str(given[name]), words))
    if "region" in given:
        check_region(str(given["region"]), known)
    _check_part(given, "provider", [entry.provider for entry in known])
    _check_part(given, "licence", [entry.licence.name for entry in known if entry.licence and entry.licence.name])
    return Query(**given)  # type: ignore[arg-type]


def check_combination(models: Sequence[str], filters: Mapping[str, object], *, as_json: bool, write: bool) -> None:
    """Refuse options that the rest of the command would leave unheeded.

    Args:
        models: the arguments: models, `refresh`, or none for the list.
        filters: the options that pick from the list, given or not.
        as_json: whether `--json` is given.
        write: whether `--write` is given.

    Raises:
        WrongUsage: the text says which command was meant.
    """
    if REFRESH in models and len(models) > 1:
        raise WrongUsage("`refresh` asks AWS about every model. Say `fourfold models refresh --region REGION` alone.")
    model = " ".join(models)
    if write and model != REFRESH:
        raise WrongUsage("--write keeps what AWS answers. Say `fourfold models refresh --write`, or leave it out.")
    if not model:
        return
    picking = [_shown(name, value) for name, value in _given(filters).items() if name != "region"]
    if picking:
        alone = f"fourfold models {model}"
        raise WrongUsage(
            f"{' '.join(picking)} picks from the list of models, and `{alone}` shows none. Say `{alone}` with --region "
            f"{'or --write' if model == REFRESH else 'or --json'}, or `fourfold models {' '.join(picking)}`."
        )
    if model == REFRESH and as_json:
        raise WrongUsage(
            "`fourfold models refresh` prints lines with tabs in a pipe, and no JSON. Leave --json out; with --write, "
            "`fourfold models --json` has what AWS answered."
        )


def check_region(region: str, entries: Iterable[Entry]) -> None:
    """Refuse a region in which no model is known to answer, or to be customizable."""
    known: set[str] = set()
    for entry in entries:
        known.update(entry.bedrock.regions if entry.bedrock else (), *(one.regions for one in entry.customizations))
    if region not in known:
        regions = sorted(known)
        meant = near(region, dict.fromkeys(regions, ()))
        all_of_them = f"Regions are {', '.join(regions)}."
        raise WrongUsage(f"No model is known in {region}. {did_you_mean(meant, all_of_them)}")


def _check_part(given: Mapping[str, object], name: str, known: Iterable[str]) -> None:
    """Refuse a part of a name that no name has."""
    if name not in given:
        return
    word, names = str(given[name]), list(dict.fromkeys(known))
    if not any(word.casefold() in one.casefold() for one in names):
        raise WrongUsage(not_known(_option(name), word, names))


def _given(options: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in options.items() if value not in ("", None) and value is not False}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _shown(name: str, value: object) -> str:
    return _option(name) if value is True else f"{_option(name)} {value}"
