"""Reads `workflow.yaml` for one environment and reports everything that is wrong with it at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cdk_app.settings.document import Document, Entry, KeyPath, read_document
from cdk_app.settings.environments import ENVIRONMENTS_KEY, common, merge
from cdk_app.settings.explain import explain, keys_near, problem_at, suggest
from cdk_app.settings.model import Environment, Settings
from cdk_app.settings.partial import partial_subject
from cdk_app.settings.problems import Problem, SettingsError
from cdk_app.settings.rules import Subject, breaches
from cdk_app.settings.run import run_settings

ENVIRONMENTS: tuple[str, ...] = get_args(Environment)


@dataclass(frozen=True)
class Examined:
    """What a settings file says for one environment, and every problem of the file, the other environments' too.

    Where there are problems, `subject` is what can still be examined: whoever has checks of their own reports what
    they find together with these.
    """

    subject: Subject
    problems: tuple[Problem, ...] = ()


def load_settings(path: Path | str, environment: str) -> Settings:
    """Read the settings of one environment.

    Every environment of the file is checked, not only the one asked for: a mistake in `prod` is found on the
    laptop where it was made.

    Args:
        path: the settings file.
        environment: `dev`, `prod` or `twin`.

    Raises:
        SettingsError: with every problem of the file.
    """
    examined = examine_settings(path, environment)
    if examined.problems:
        raise SettingsError(examined.problems)
    return examined.subject.settings


def examine_settings(path: Path | str, environment: str) -> Examined:
    """Read the settings of one environment, as far as they can be used; every environment is checked.

    Raises:
        SettingsError: there is no such environment, or nothing that could be examined: no file, or no YAML.
    """
    file = str(path)
    if environment not in ENVIRONMENTS:
        remedy = suggest(environment, ENVIRONMENTS)
        raise SettingsError([Problem(file, 0, "", f"there is no environment `{environment}`", remedy)])
    document = read_document(Path(path))
    problems = [*document.problems, *_environment_problems(document, file)]
    subjects: dict[str, Subject] = {}
    for name in ENVIRONMENTS:
        subjects[name], found = _check(_merged(document, name), name, file)
        problems += found
    return Examined(subjects[environment], tuple(sorted(set(problems))))


def problem_in(path: Path | str, environment: str, setting: KeyPath, message: str, remedy: str) -> Problem:
    """Return a problem of a file that has been loaded well, at the place where the setting is written.

    For whoever finds settings wrong that are right by themselves, such as a model that does not answer there.
    """
    document = read_document(Path(path))
    return problem_at(_merged(document, environment), setting, str(path), message, remedy)


def _merged(document: Document, environment: str) -> Entry:
    base = common(document.root)
    overlays = document.root.child(ENVIRONMENTS_KEY)
    overlay = overlays.child(environment) if overlays else None
    return merge(base, overlay) if overlay and isinstance(overlay.value, dict) else base


def _environment_problems(document: Document, file: str) -> list[Problem]:
    """Check the names under `environments` and that each holds settings; the settings are checked merged."""
    overlays = document.root.child(ENVIRONMENTS_KEY)
    if overlays is None or overlays.value is None:
        return []
    path = (ENVIRONMENTS_KEY,)
    if not isinstance(overlays.value, dict):
        remedy = "Write the settings of each environment under its name."
        return [problem_at(document.root, path, file, "this is not a section", remedy)]
    problems = []
    for name, overlay in overlays.value.items():
        if name not in ENVIRONMENTS:
            remedy = suggest(name, ENVIRONMENTS)
            problems.append(problem_at(document.root, (*path, name), file, "unknown environment", remedy))
        elif not isinstance(overlay.value, dict | None):
            remedy = "Write keys and values below it, as at the top level."
            problems.append(problem_at(document.root, (*path, name), file, "this is not a section", remedy))
    return problems


def _check(root: Entry, environment: str, file: str) -> tuple[Subject, list[Problem]]:
    """Validate one environment: each value by itself first, then the values against each other."""
    problems = []
    plain = root.plain()
    if "environment" in plain:
        remedy = "Remove it: the environment is chosen at synthesis; what differs goes under `environments`."
        problems.append(problem_at(root, ("environment",), file, "unknown key", remedy))
    plain["environment"] = environment
    try:
        subject = Subject(Settings.model_validate(plain))
    except ValidationError as error:
        details = _independent(error.errors(include_url=False))
        problems += [explain(detail, root, file) for detail in _once(details)]
        subject = partial_subject(plain, details)
    for breach in breaches(subject):
        problems.append(problem_at(root, breach.path, file, breach.message, breach.remedy))
    if not problems:
        problems += _too_long_for_a_run(subject.settings, root, file)
    return subject, problems


def _once(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out that a key is missing where one beside it is misspelt: what that may have meant is told there."""
    meant = {
        (*detail["loc"][:-1], name)
        for detail in details
        if detail["type"] == "extra_forbidden"
        for name in keys_near(detail["loc"])
    }
    return [detail for detail in details if detail["type"] != "missing" or detail["loc"] not in meant]


def _independent(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out what only follows from an error further in: pydantic calls a list of bad items too short."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail, here in zip(details, places, strict=True)
        if not any(len(place) > len(here) and place[: len(here)] == here for place in places)
    ]


def _too_long_for_a_run(settings: Settings, root: Entry, file: str) -> list[Problem]:
    try:
        run_settings(settings)
    except SettingsError as error:
        found = error.problems
        return [problem_at(root, ("selection", "candidates"), file, it.message, it.remedy) for it in found]
    return []
