"""Whether the input of an execution will be accepted, known before anything is synthesized or deployed.

The first function of the state machine has the say (`lambdas/resolve_run/overrides.py`). It judges by the bounds that
were deployed, and so does this, by the same bounds before they are: `tests/unit/settings/test_overrides.py` puts the
same inputs to both and demands the same verdicts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from cdk_app.settings.explain import suggest
from cdk_app.settings.model import Settings
from cdk_app.settings.run import run_settings

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
}
_SHOWN_CHARACTERS = 80


def override_problems(settings: Settings, overrides: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the input of an execution, each as `name: complaint. Remedy.`; empty where it is good.

    Args:
        settings: what would be deployed.
        overrides: the execution's input, nested like the settings file.
    """
    run = run_settings(settings)
    bounds = run["bounds"]
    sections = {name.rpartition(".")[0] for name in bounds} - {""}
    return [
        f"{_short(name)}: {problem}"
        for name, value in _leaves(overrides, sections)
        if (problem := _value_problem(value, bounds[name]) if name in bounds else _unknown(name, value, run, sections))
    ]


def _leaves(overrides: Mapping[str, Any], sections: set[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every override by its dotted name; only sections that exist are entered."""
    for key, value in overrides.items():
        name = f"{prefix}{key}"
        if name in sections and isinstance(value, Mapping):
            yield from _leaves(value, sections, f"{name}.")
        else:
            yield name, value


def _unknown(name: str, value: Any, run: Mapping[str, Any], sections: set[str]) -> str:
    if name in sections:
        return f"{_shown(value)} is not a section. Write its settings below it."
    default: Any = run["defaults"]
    for step in name.split("."):
        default = default.get(step) if isinstance(default, Mapping) else None
    if default is not None:
        return "one run cannot override it. Change the settings file."
    known = sorted({*run["bounds"], *sections})
    near = get_close_matches(name[:_SHOWN_CHARACTERS], known, n=1)
    remedy = f"Did you mean `{near[0]}`?" if near else f"A run can override {', '.join(run['bounds'])}."
    return f"there is no such setting. {remedy}"


def _value_problem(value: Any, bounds: Mapping[str, Any]) -> str:
    """Say what is wrong with a value and what would be right; an empty string where it is right."""
    if not _has_type(value, bounds["type"]) or not _within(value, bounds):
        return f"{_shown(value)} is not allowed. {_wanted(bounds)}"
    return ""


def _has_type(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _within(value: Any, bounds: Mapping[str, Any]) -> bool:
    if "choices" in bounds and value not in bounds["choices"]:
        return False
    if isinstance(value, str):
        return "pattern" not in bounds or re.fullmatch(bounds["pattern"], value) is not None
    return bool(bounds.get("minimum", value) <= value <= bounds.get("maximum", value))


def _wanted(bounds: Mapping[str, Any]) -> str:
    if "choices" in bounds:
        return suggest("", [str(choice) for choice in bounds["choices"]])
    article = "an" if bounds["type"][0] in "aeiou" else "a"
    ends = [f"{word} {bounds[key]:g}" for word, key in (("from", "minimum"), ("to", "maximum")) if key in bounds]
    pattern = [f"that matches {bounds['pattern']}"] if "pattern" in bounds else []
    return " ".join(["Give", article, bounds["type"], *ends, *pattern]) + "."


def _shown(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 3]}..."
