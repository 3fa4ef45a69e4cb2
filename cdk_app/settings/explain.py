"""Turns pydantic's validation errors into problems that name place and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from cdk_app.settings.declarations import Declaration, declarations, names_of
from cdk_app.settings.document import Entry, KeyPath, dotted
from cdk_app.settings.language_names import LIST, NAMES, codes_near
from cdk_app.settings.problems import Problem

_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a section",
}
FEW = 3
"""Number of choices that a message can name without being long."""


def explain(error: ErrorDetails, root: Entry, file: str) -> Problem:
    """Describe one validation error at the place in the file that caused it."""
    path = error["loc"]
    if error["type"] == "extra_forbidden":
        return problem_at(root, path, file, "unknown key", _where_it_belongs(path))
    declared = _declaration(path)
    if error["type"] == "missing":
        return problem_at(root, path, file, "this key is missing", f"Add it: {_first_lower(declared.description)}")
    return problem_at(root, path, file, _complaint(error, declared), _remedy(error, declared))


def problem_at(root: Entry, path: KeyPath, file: str, message: str, remedy: str) -> Problem:
    """Make a problem about the setting at `path`, which stands where its deepest written part stands."""
    trail = list(root.descend(path))
    unwritten = path[len(trail) - 1 :]
    return Problem(file, trail[-1].line, dotted((*trail[-1].path, *unwritten)), message, remedy)


def suggest(word: str, known: Sequence[str]) -> str:
    """Write a remedy that offers the nearest of the known words, or all of them where none is near."""
    near = get_close_matches(word, known, n=FEW)
    if near and len(known) > FEW:
        return f"Did you mean {_either(near)}?"
    return f"Choose {_either(known)}."


def _suggest_language(word: str, as_list: bool) -> str:
    near = codes_near(word)
    codes = [f"[{code}]" for code in near or ["en"]] if as_list else near or ["en"]
    meant = f"Did you mean {_either(codes)}? " if near else f"Write an ISO 639 code, such as {_either(codes)}. "
    return f"{meant}All {len(NAMES)} codes are in {LIST}."


def _declaration(path: KeyPath) -> Declaration:
    """Return what is declared at `path`; an item of a list is declared by its keys, or by its choices."""
    while names_of(path) not in declarations():
        path = path[:-1]  # pydantic names the member of a union behind the value
    declared = declarations()[names_of(path)]
    if path and isinstance(path[-1], int):
        return replace(declared, type="object" if declared.keys else "string")
    return declared


def _complaint(error: ErrorDetails, declared: Declaration) -> str:
    """Say what is wrong with the value; wrong types are told apart from wrong values."""
    value = error["input"]
    if error["type"].endswith("_type"):
        return f"{_shown(value)} is not {_TYPE_NAMES[declared.type]}"
    return "this is empty" if value in ("", [], {}) else f"`{value}` is not allowed"


def _remedy(error: ErrorDetails, declared: Declaration) -> str:
    if declared.choices == tuple(NAMES):
        return _suggest_language(str(error["input"]), declared.type == "array")
    if error["type"] == "literal_error" and isinstance(error["input"], str):
        return suggest(error["input"], [str(choice) for choice in declared.choices])
    for applies, text in _EXPECTATIONS:
        if applies(declared):
            return text(declared)
    return f"Write {_TYPE_NAMES[declared.type]}: {_first_lower(declared.description)}"


_EXPECTATIONS: tuple[tuple[Callable[[Declaration], object], Callable[[Declaration], str]], ...] = (
    (lambda it: it.type == "object", lambda it: f"Write its keys below it: {', '.join(it.keys)}."),
    (lambda it: it.choices, lambda it: f"Choose {_either(it.choices)}."),
    (
        lambda it: it.minimum is not None and it.maximum is not None,
        lambda it: f"Write {_TYPE_NAMES[it.type]} from {it.minimum} to {it.maximum}.",
    ),
    (lambda it: it.examples, lambda it: f"Write it like {_either(it.examples)}."),
)


def keys_near(path: KeyPath) -> list[str]:
    """Return the keys of its section that an unknown key may have meant."""
    names = names_of(path)
    return get_close_matches(names[-1], declarations()[names[:-1]].keys, n=FEW)


def _where_it_belongs(path: KeyPath) -> str:
    names = names_of(path)
    section, name = declarations()[names[:-1]], names[-1]
    if near := keys_near(path):
        return f"Did you mean {_either(near)}?"
    homes = [".".join(known) for known in declarations() if known and known[-1] == name]
    if homes:
        return f"It belongs to another section: {_either(homes)}."
    place = f"`{'.'.join(section.path)}`" if section.path else "the top level"
    return f"Remove it; the keys of {place} are {', '.join(section.keys)}."


def _either(words: Iterable[object]) -> str:
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _shown(value: object) -> str:
    """Show a value as the file has it, so that text that looks like a number is seen to be text."""
    if isinstance(value, dict | list):
        return "a section" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "`true`", False: "`false`"}[value]
    return f'the text "{value}"' if isinstance(value, str) else f"`{value}`"


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]
