"""Typed reading of JSON objects at the border: events, settings, stored documents.

`Fields` wraps one object together with the name of its place, so that every complaint says which field of
which document is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TypeGuard

from lambdas.shared.errors import FunctionError, InvalidEvent


class Fields:
    """One JSON object, read field by field; a wrong or missing field raises the error given.

    Args:
        value: what ought to be a JSON object.
        where: its place in words, for messages ("the event", "s3://…/manifest.json").
        error: the class that complaints are raised as.
        remedy: what the reader of a complaint can do.
    """

    def __init__(
        self,
        value: object,
        where: str,
        error: type[FunctionError] = InvalidEvent,
        remedy: str = "Correct it and start again.",
    ) -> None:
        self._where = where
        self._error = error
        self._remedy = remedy
        if not isinstance(value, Mapping):
            raise self._complaint(f"A JSON object is needed here, not {_kind(value)}")
        self._value: Mapping[str, object] = value

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def is_null(self, name: str) -> bool:
        """Whether the field is there, and says that there is nothing."""
        return name in self._value and self._value[name] is None

    def raw(self, name: str) -> object:
        """Give the field whatever its type; it must be there and not be null."""
        value = self._value.get(name)
        if value is None:
            raise self._complaint(f"The field {name!r} is missing")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Give a non-blank string."""
        if default is not None and name not in self:
            return default
        value = self.raw(name)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(name, "a string that is not blank", value)
        return value

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Give a boolean."""
        if default is not None and name not in self:
            return default
        value = self.raw(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def number(
        self, name: str, minimum: float = -math.inf, maximum: float = math.inf, default: float | None = None
    ) -> float:
        """Give a finite number within bounds, both included."""
        if default is not None and name not in self:
            return default
        value = self.raw(name)
        if not _is_number(value):
            raise self._wrong(name, "a number", value)
        if not minimum <= value <= maximum:
            raise self._complaint(f"The field {name!r} is {value}, not between {minimum} and {maximum}")
        return value

    def integer(self, name: str, minimum: int = 0, maximum: int = 2**53, default: int | None = None) -> int:
        """Give a whole number within bounds, both included; ``3.0`` is one."""
        value = self.number(name, minimum, maximum, default)
        if value != int(value):
            raise self._wrong(name, "a whole number", value)
        return int(value)

    def numbers(self, name: str, count: int) -> tuple[float, ...]:
        """Give a list of so many finite numbers."""
        value = self.raw(name)
        if not isinstance(value, list) or len(value) != count or not all(_is_number(item) for item in value):
            raise self._wrong(name, f"a list of {count} numbers", value)
        return tuple(float(item) for item in value)

    def digits(self, name: str) -> int:
        """Give a count that is written as text, as headers are."""
        value = self.text(name)
        if not value.isascii() or not value.isdigit():
            raise self._wrong(name, "a count", value)
        return int(value)

    def texts(self, name: str) -> list[str]:
        """Give a list of strings."""
        value = self.raw(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of strings", value)
        return [str(item) for item in value]

    def fields(self, name: str) -> Fields:
        """Give a nested object."""
        return Fields(self.raw(name), f"{self._where}, {name}", self._error, self._remedy)

    def items(self, name: str) -> list[Fields]:
        """Give a list of nested objects."""
        value = self.raw(name)
        if not isinstance(value, list):
            raise self._wrong(name, "a list", value)
        return [
            Fields(item, f"{self._where}, {name}[{index}]", self._error, self._remedy)
            for index, item in enumerate(value)
        ]

    def counts(self, name: str) -> dict[str, int]:
        """Give a nested object whose every value is a count."""
        nested = self.fields(name)
        return {key: nested.integer(key) for key in nested}

    def as_dict(self) -> dict[str, object]:
        """Give the object itself, as a copy one level deep."""
        return dict(self._value)

    def complaint(self, what: str) -> FunctionError:
        """Build an error about this object, for checks that go beyond one field."""
        return self._complaint(what)

    def _complaint(self, what: str) -> FunctionError:
        return self._error(what, where=self._where, remedy=self._remedy)

    def _wrong(self, name: str, needed: str, value: object) -> FunctionError:
        return self._complaint(f"The field {name!r} must be {needed}, not {_kind(value)}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    names: dict[type, str] = {str: "a string", list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), type(value).__name__)
