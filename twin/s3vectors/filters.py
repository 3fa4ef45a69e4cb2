"""The filters of QueryVectors: what may stand in one, and which vectors it lets through.

A condition is an object with one key: `$and` or `$or` with a list of conditions, or a metadata key with a value, or
with an object of operators, all of which have to hold. `$ne` and `$nin` let through what `$eq` and `$in` do not, and
so vectors without the key too. Where a vector holds a list, one element that fits is enough.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from twin.vectors.columns import Columns, Mask
from twin.vectors.values import kind

_LEVELS = 32
_COMPARISONS: dict[str, Callable[[Any, float], Any]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_OPERATORS = ("$eq", "$ne", *_COMPARISONS, "$in", "$nin", "$exists")


class InvalidFilterError(ValueError):
    """A filter that S3 Vectors would refuse; the text says where and why."""


@dataclass(frozen=True)
class Comparison:
    """One operator on one metadata key."""

    key: str
    operator: str
    operand: Any

    def mask(self, columns: Columns) -> Mask:
        """The rows for which it holds."""
        column = columns.of(self.key)
        if self.operator in _COMPARISONS:
            return column.compared(_COMPARISONS[self.operator], float(self.operand))
        if self.operator == "$exists":
            return column.present() if self.operand else ~column.present()
        found = column.among(self.operand if self.operator in ("$in", "$nin") else [self.operand])
        return ~found if self.operator in ("$ne", "$nin") else found


@dataclass(frozen=True)
class Group:
    """Conditions that have to hold together, or of which one has to."""

    every: bool
    parts: tuple[Condition, ...]

    def mask(self, columns: Columns) -> Mask:
        """The rows for which they hold."""
        masks = [part.mask(columns) for part in self.parts]
        return reduce(np.logical_and if self.every else np.logical_or, masks)


Condition = Comparison | Group


def parse(given: Any, non_filterable: Collection[str] = (), path: str = "filter", level: int = 1) -> Condition:
    """The condition that a filter states. Raises InvalidFilterError."""
    if level > _LEVELS:
        raise InvalidFilterError(f"{path}: the twin takes filters of up to {_LEVELS} levels.")
    if not isinstance(given, dict) or not given:
        raise InvalidFilterError(f"{path}: a condition is an object with one key. Leave the filter out for none.")
    if len(given) > 1:
        names = ", ".join(given)
        raise InvalidFilterError(f"{path}: a condition has one key, not {names}; put each into a list under $and.")
    [(key, value)] = given.items()
    if key in ("$and", "$or"):
        if not isinstance(value, list) or not value:
            raise InvalidFilterError(f"{path}.{key}: it takes a list of conditions that is not empty.")
        parts = (parse(one, non_filterable, f"{path}.{key}[{at}]", level + 1) for at, one in enumerate(value))
        return Group(key == "$and", tuple(parts))
    if key.startswith("$"):
        raise InvalidFilterError(f"{path}: {key} cannot stand before a key; $and and $or can.")
    if key in non_filterable:
        raise InvalidFilterError(f"{path}.{key}: Invalid use of non-filterable metadata in filter")
    return _tests(key, value, f"{path}.{key}")


def _tests(key: str, value: Any, path: str) -> Condition:
    if not isinstance(value, dict):
        value = {"$eq": value}
    if not value:
        raise InvalidFilterError(f"{path}: it needs an operator: {', '.join(_OPERATORS)}.")
    for name, operand in value.items():
        if name not in _OPERATORS:
            raise InvalidFilterError(f"{path}: there is no operator {name}; there are {', '.join(_OPERATORS)}.")
        if wanted := _wrong_operand(name, operand):
            raise InvalidFilterError(f"{path}.{name}: it takes {wanted}.")
    tests = tuple(Comparison(key, name, operand) for name, operand in value.items())
    return tests[0] if len(tests) == 1 else Group(True, tests)


def _wrong_operand(name: str, operand: Any) -> str | None:
    """What the operator takes, if that is not it."""
    if name == "$exists":
        return None if isinstance(operand, bool) else "true or false"
    if name in _COMPARISONS:
        return None if kind(operand) == "number" else "a number"
    if name in ("$in", "$nin"):
        fits = isinstance(operand, list) and operand and all(kind(one) != "other" for one in operand)
        return None if fits else "a list of strings, numbers and truth values that is not empty"
    return None if kind(operand) != "other" else "a string, a number or a truth value"
