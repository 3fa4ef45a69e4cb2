"""What one execution overrides: checked against the bounds, all problems at once, then merged into the defaults."""

from __future__ import annotations

import copy
import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from lambdas.resolve_run.settings import REMEDY, Bound, InvalidRunSettings, RunSettings
from lambdas.shared.errors import FunctionError
from lambdas.shared.fields import Fields

SHOWN_PROBLEMS = 30
MAX_DEPTH = 4


class InvalidRunInput(FunctionError):
    """The execution's input cannot be used; the text lists every problem with its remedy."""

    @classmethod
    def listing(cls, problems: Sequence[str]) -> InvalidRunInput:
        """Build one error out of all problems."""
        shown = "\n".join(f"- {problem}" for problem in problems[:SHOWN_PROBLEMS])
        more = f"\n- and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        return cls(
            f"The execution's input has {count}",
            remedy="Correct it and start a new execution; {} runs on the deployed settings.\n" + shown + more,
        )


def apply_overrides(settings: RunSettings, overrides: object) -> tuple[Fields, list[str]]:
    """Merge the overrides into a copy of the defaults.

    Returns:
        The merged settings, and every problem found; with problems the settings are not to be used.
    """
    merged = copy.deepcopy(settings.defaults)
    problems: list[str] = []
    if not isinstance(overrides, Mapping):
        problems.append('The input must be a JSON object, such as {} or {"tuning": {"epochs": 2}}.')
        overrides = {}
    sections = {name.rpartition(".")[0] for name in settings.bounds} - {""}
    for name, value in _leaves(overrides, sections):
        bound = settings.bounds.get(name)
        problem = _unknown(name, value, settings, sections) if bound is None else _problem(name, value, bound)
        if problem:
            problems.append(problem)
        else:
            _put(merged, name, value)
    return Fields(merged, settings.where, InvalidRunSettings), problems


def gate_problems(merged: Fields) -> list[str]:
    """Check what no bound may allow: a gate that is open, or a step of size 0."""
    open_gates = [
        ("selection.floor", merged.fields("selection").number("floor")),
        ("tuning.minimum_loss_reduction", merged.fields("tuning").number("minimum_loss_reduction")),
    ]
    problems = [
        f"{name}: {value} leaves the gate open. Give a number above 0 and below 1."
        for name, value in open_gates
        if not 0 < value < 1
    ]
    tuning = merged.fields("tuning")
    if "learning_rate" in tuning and (rate := tuning.number("learning_rate")) <= 0:
        problems.append(f"tuning.learning_rate: {rate} trains nothing. Give a number above 0.")
    return problems


def _leaves(overrides: Mapping[str, object], sections: set[str], prefix: str = "") -> Iterator[tuple[str, object]]:
    """List every override by its dotted name; only sections that exist are entered."""
    for key, value in overrides.items():
        name = f"{prefix}{key}"
        if name in sections and isinstance(value, Mapping):
            yield from _leaves(value, sections, f"{name}.")
        else:
            yield name, value


def _unknown(name: str, value: object, settings: RunSettings, sections: set[str]) -> str:
    shown = name if len(name) <= 80 else f"{name[:77]}..."
    if name in sections:
        return f"{shown}: an object is needed here, not {_shown(value)}."
    if _has(settings.defaults, name):
        return f"{shown}: one run cannot override it. Change workflow.yaml and deploy."
    known = sorted({*settings.bounds, *sections})
    near = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.6)
    if near:
        return f"{shown}: there is no such setting. Did you mean {near[0]}?"
    return f"{shown}: there is no such setting. A run can override {', '.join(sorted(settings.bounds))}."


def _problem(name: str, value: object, bound: Bound) -> str:
    """Say what is wrong with a value and what would be right; an empty string when it is right."""
    wrong = f"{name}: {_shown(value)}"
    if not _has_type(value, bound.type):
        return f"{wrong} is not of type {bound.type}. {_wanted(bound)}"
    if bound.choices and value not in bound.choices:
        return f"{wrong} is not a choice. {_wanted(bound)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        below = bound.minimum is not None and value < bound.minimum
        above = bound.maximum is not None and value > bound.maximum
        if below or above:
            return f"{wrong} is {'below the minimum' if below else 'above the maximum'}. {_wanted(bound)}"
    if bound.pattern and isinstance(value, str) and not re.fullmatch(bound.pattern, value):
        return f"{wrong} has the wrong form. {_wanted(bound)}"
    return ""


def _has_type(value: object, kind: str) -> bool:
    if kind == "boolean" or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    if kind in ("integer", "number"):
        if isinstance(value, int):
            return True
        return kind == "number" and isinstance(value, float) and math.isfinite(value)
    return isinstance(value, str if kind == "string" else list)


def _wanted(bound: Bound) -> str:
    article = "an" if bound.type[0] in "aeiou" else "a"
    if bound.choices:
        return f"Give one of {', '.join(map(str, bound.choices))}."
    if bound.minimum is not None and bound.maximum is not None:
        return f"Give {article} {bound.type} from {bound.minimum:g} to {bound.maximum:g}."
    if bound.minimum is not None:
        return f"Give {article} {bound.type} from {bound.minimum:g}."
    if bound.maximum is not None:
        return f"Give {article} {bound.type} up to {bound.maximum:g}."
    if bound.pattern:
        return f"Give {article} {bound.type} that matches {bound.pattern}."
    return f"Give {article} {bound.type}."


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _has(defaults: Mapping[str, object], name: str) -> bool:
    value: object = defaults
    for step in name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return False
        value = value[step]
    return True


def _put(target: dict[str, object], name: str, value: object) -> None:
    *sections, leaf = name.split(".")
    for section in sections:
        inner = target.setdefault(section, {})
        if not isinstance(inner, dict):
            raise InvalidRunSettings(f"The default of {section} is not an object", remedy=REMEDY)
        target = inner
    target[leaf] = value
