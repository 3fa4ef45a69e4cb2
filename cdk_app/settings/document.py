"""Reads YAML into a tree that remembers the line of every value, so that a problem can point at it.

Plain scalars follow YAML 1.2 (what editors with the JSON schema assume): `5e-4` is a number, `no` and `12:30`
are text. PyYAML's own constructors follow YAML 1.1, where each of the three is something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cdk_app.settings.problems import Problem, SettingsError

KeyPath = tuple[str | int, ...]
Scalar = str | int | float | bool | None

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Entry:
    """A value of the file, the line of its key, and the keys that lead to it."""

    value: dict[str, Entry] | list[Entry] | Scalar
    line: int
    path: KeyPath

    def plain(self) -> Any:
        """Return the value as ordinary dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: entry.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [entry.plain() for entry in self.value]
        return self.value

    def child(self, step: str | int) -> Entry | None:
        """Return the entry under a key or an index, or None where there is none."""
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None

    def descend(self, path: KeyPath) -> Iterator[Entry]:
        """Yield this entry and those along `path`, for as far as the file goes."""
        entry: Entry | None = self
        yield self
        for step in path:
            entry = entry.child(step) if entry else None
            if entry is None:
                return
            yield entry


def dotted(path: KeyPath) -> str:
    """Write a path as people read it: `selection.candidates[1].model`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


@dataclass(frozen=True)
class Document:
    """A settings file as it was read."""

    root: Entry
    problems: tuple[Problem, ...]
    """What is wrong with the YAML although it could be read, such as a key given twice."""


class _Yaml12Loader(yaml.SafeLoader):
    """PyYAML's parser with the scalar types of YAML 1.2's core schema."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML reads this very name off the class


for _type, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    _Yaml12Loader.add_implicit_resolver(_TAG + _type, re.compile(_pattern), list(_first))

_CONSTRUCTORS: Mapping[str, Callable[[str], Scalar]] = {
    _TAG + "str": str,
    _TAG + "int": int,
    _TAG + "float": float,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "null": lambda _: None,
}


def read_document(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises:
        SettingsError: the file is missing, unreadable, not YAML or not a mapping, so that there is nothing to
            check. Lesser problems are returned with the document.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _refusal(path, 0, "there is no such file", "Give the path of the settings file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(path, 0, f"the file cannot be read ({error})", "Make it a UTF-8 text file.") from error
    return _Reader(path).read(text)


def _refusal(path: Path, line: int, message: str, remedy: str) -> SettingsError:
    return SettingsError([Problem(str(path), line, "", message, remedy)])


class _Reader:
    """Turns YAML nodes into entries and gathers what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: list[Problem] = []

    def read(self, text: str) -> Document:
        try:
            node = yaml.compose(text, Loader=_Yaml12Loader)
        except yaml.MarkedYAMLError as error:
            raise self._syntax_refusal(error) from error
        except yaml.YAMLError as error:
            raise _refusal(self._path, 0, f"this is not YAML ({error})", "Save it as plain text.") from error
        if not isinstance(node, yaml.MappingNode):
            found = "empty" if node is None else "not a mapping"
            remedy = "Start from the workflow.yaml of the repository: `key: value` lines at the top level."
            raise _refusal(self._path, 0, f"the file is {found}", remedy)
        root = self._entry(node, line=1, path=(), ancestors=())
        return Document(root, tuple(self._problems))

    def _syntax_refusal(self, error: yaml.MarkedYAMLError) -> SettingsError:
        mark = error.problem_mark or error.context_mark
        begun = f", begun in line {error.context_mark.line + 1}" if error.context and error.context_mark else ""
        message = f"this is not YAML ({', '.join(filter(None, (error.problem, error.context)))}{begun})"
        remedy = "Check indentation, quotes and colons from there on."
        return _refusal(self._path, mark.line + 1 if mark else 0, message, remedy)

    def _entry(self, node: yaml.Node, line: int, path: KeyPath, ancestors: tuple[yaml.Node, ...]) -> Entry:
        if any(node is ancestor for ancestor in ancestors):
            self._report(line, path, "an alias refers to the value that it is part of", "Write the value out.")
            return Entry(None, line, path)
        inside = (*ancestors, node)
        if isinstance(node, yaml.MappingNode):
            return Entry(self._mapping(node, path, inside), line, path)
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            lines = [self._entry(item, item.start_mark.line + 1, (*path, index), inside) for index, item in items]
            return Entry(lines, line, path)
        return Entry(self._scalar(node, line, path), line, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, inside: tuple[yaml.Node, ...]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(line, path, "a key here is a list or a mapping", "Write a plain word before the colon.")
                continue
            here = (*path, key_node.value)
            if key_node.value in entries:
                first = entries[key_node.value].line
                self._report(line, here, f"this key is already in line {first}", "Keep one of the two.")
                continue
            entries[key_node.value] = self._entry(value_node, line, here, inside)
        return entries

    def _scalar(self, node: yaml.Node, line: int, path: KeyPath) -> Scalar:
        construct = _CONSTRUCTORS.get(node.tag)
        if construct is None:
            self._report(line, path, f"the tag {node.tag} has no place here", "Write a plain value.")
            return None
        return construct(str(node.value))

    def _report(self, line: int, path: KeyPath, message: str, remedy: str) -> None:
        self._problems.append(Problem(str(self._path), line, dotted(path), message, remedy))
