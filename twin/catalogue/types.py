"""Column types of the Glue catalogue, and JSON values read as them.

Values are read as the OpenX JSON SerDe reads them: a string column takes whatever stands there, as its JSON text,
and names of fields count without their case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from twin.catalogue.errors import UnreadableTable

_SCALARS: dict[str, tuple[pa.DataType, Callable[[Any], Any]]] = {
    "bigint": (pa.int64(), int),
    "boolean": (pa.bool_(), lambda value: value if isinstance(value, bool) else str(value).lower() == "true"),
    "double": (pa.float64(), float),
    "float": (pa.float32(), float),
    "int": (pa.int32(), int),
    "smallint": (pa.int16(), int),
    "string": (pa.string(), lambda value: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)),
    "tinyint": (pa.int8(), int),
}
_TOKEN = re.compile(r"[<>:,]|[^<>:,\s]+")


@dataclass(frozen=True)
class HiveType:
    """A type as the catalogue writes it: `array<struct<role:string,content:string>>`."""

    name: str
    members: dict[str, HiveType] = field(default_factory=dict)
    """The fields of a struct; of an array, its `element`."""

    @property
    def arrow(self) -> pa.DataType:
        """The type in which its values are handed to the query engine."""
        if self.name == "array":
            return pa.list_(self.members["element"].arrow)
        if self.name == "struct":
            return pa.struct([(name, inner.arrow) for name, inner in self.members.items()])
        return _SCALARS[self.name][0]

    def read(self, value: Any) -> Any:
        """A JSON value as one of this type.

        Raises UnreadableTable HIVE_BAD_DATA for one that cannot be.
        """
        if value is None:
            return None
        try:
            return self._read(value)
        except (TypeError, ValueError, AttributeError) as error:
            raise UnreadableTable(f"HIVE_BAD_DATA: Error parsing field value {value!r:.60} as {self.name}") from error

    def _read(self, value: Any) -> Any:
        if self.name == "array":
            return [self.members["element"].read(inner) for inner in list(value)]
        if self.name == "struct":
            given = {name.lower(): inner for name, inner in value.items()}
            return {name: inner.read(given.get(name.lower())) for name, inner in self.members.items()}
        return _SCALARS[self.name][1](value)


def hive_type(text: str) -> HiveType:
    """Read a column's type.

    Raises UnreadableTable for one that the twin does not know.
    """
    tokens = _TOKEN.findall(text.lower())
    found, rest = _parse(tokens, text)
    if rest:
        raise UnreadableTable(f"HIVE_INVALID_METADATA: {text} is not a column's type.")
    return found


def _parse(tokens: list[str], text: str) -> tuple[HiveType, list[str]]:
    name, rest = (tokens[0], tokens[1:]) if tokens else ("", [])
    if name in _SCALARS:
        return HiveType(name), rest
    if name == "array" and rest[:1] == ["<"]:
        element, rest = _parse(rest[1:], text)
        return HiveType(name, {"element": element}), _after(">", rest, text)
    if name == "struct" and rest[:1] == ["<"]:
        members, rest = _fields(rest[1:], text)
        return HiveType(name, members), _after(">", rest, text)
    raise UnreadableTable(f"The twin does not know the type {name or 'of no name'} in {text}.")


def _fields(tokens: list[str], text: str) -> tuple[dict[str, HiveType], list[str]]:
    members: dict[str, HiveType] = {}
    while True:
        name, rest = tokens[0], _after(":", tokens[1:], text)
        members[name], rest = _parse(rest, text)
        if rest[:1] != [","]:
            return members, rest
        tokens = rest[1:]


def _after(expected: str, tokens: list[str], text: str) -> list[str]:
    if tokens[:1] != [expected]:
        raise UnreadableTable(f"HIVE_INVALID_METADATA: {text} is not a column's type: '{expected}' is missing.")
    return tokens[1:]
