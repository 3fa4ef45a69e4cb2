"""Turns pydantic's validation errors into problems that name place and remedy."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

from cdk_app.settings.declarations import Declaration, declarations, names_of
from cdk_app.settings.document import Entry, KeyPath, dotted
from cdk_app.settings.problems import Problem

_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a section with keys of its own",
}


def explain(error: ErrorDetails, root: Entry, file: str) -> Problem:
    """Describe one validation error at the place in the file that caused it."""
    path = error["loc"]
    message, remedy = _words(error, path)
    return problem_at(root, path, file, message, remedy)


def problem_at(root: Entry, path: KeyPath, file: str, message: str, remedy: str) -> Problem:
    """Make a problem about the setting at `path`, which stands where its deepest written part stands."""
    trail = list(root.descend(path))
    missing = path[len(trail) - 1 :]
    return Problem(file, trail[-1].line, dotted((*trail[-1].path, *missing)), message, remedy)


def suggest(word: str, known: tuple[str, ...]) -> str:
    """Write a remedy that offers the nearest of the known words, or else all of them."""
    near = get_close_matches(word, known, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {_either(near)}?"
    return f"Choose {_either(known)}."


def _words(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    if error["type"] == "extra_forbidden":
        return "unknown key", _where_it_belongs(path)
    declared = declarations()[names_of(path)]
    if error["type"] == "missing":
        return "this key is missing", f"Add it: {_first_lower(declared.description)}"
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, "), _expectation(declared)
    return f"{_shown(error['input'])} is not allowed", _remedy(error, declared)


def _remedy(error: ErrorDetails, declared: Declaration) -> str:
    if error["type"] == "literal_error" and isinstance(error["input"], str):
        return suggest(error["input"], tuple(str(choice) for choice in declared.choices))
    return _expectation(declared)


def _where_it_belongs(path: KeyPath) -> str:
    names = names_of(path)
    section, name = declarations()[names[:-1]], names[-1]
    near = get_close_matches(name, section.keys, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {_either(near)}?"
    homes = [".".join(known) for known in declarations() if known and known[-1] == name]
    if homes:
        return f"It belongs to another section: {_either(homes)}."
    place = f"`{'.'.join(section.path)}`" if section.path else "the top level"
    return f"Remove it; the keys of {place} are {', '.join(section.keys)}."


def _expectation(declared: Declaration) -> str:
    """Say what the setting may be."""
    for applies, text in _EXPECTATIONS:
        if applies(declared):
            return text(declared)
    return f"Write {_TYPE_NAMES[declared.type]}: {_first_lower(declared.description)}"


_EXPECTATIONS: tuple[tuple[Callable[[Declaration], object], Callable[[Declaration], str]], ...] = (
    (lambda it: it.choices, lambda it: f"Choose {_either(it.choices)}."),
    (
        lambda it: it.minimum is not None and it.maximum is not None,
        lambda it: f"Write {_TYPE_NAMES[it.type]} from {it.minimum:g} to {it.maximum:g}.",
    ),
    (lambda it: it.examples, lambda it: f"Write it like {_either(it.examples)}."),
)


def _either(words: Any) -> str:
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "a section" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else f"`{value}`"


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]
