"""The queries that choose documents and do not rank them: what may stand in one, and what it lets through."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from twin.opensearch import errors
from twin.opensearch.mappings import Fields
from twin.vectors.columns import Columns, Condition, Mask

_LEVELS = 32
# As index.max_terms_count says by default.
_MOST_TERMS = 65_536
_BOUNDS: dict[str, Callable[[Any, float], Any]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_CLAUSES = ("filter", "must", "must_not", "should")
KINDS = ("bool", "exists", "match_all", "range", "term", "terms")


@dataclass(frozen=True)
class Everything:
    """Each document."""

    def mask(self, columns: Columns) -> Mask:
        """All rows."""
        return np.ones(len(columns), dtype=bool)


@dataclass(frozen=True)
class Among:
    """The documents that hold one of the values."""

    field: str
    values: tuple[Any, ...]

    def mask(self, columns: Columns) -> Mask:
        """The rows that do."""
        return columns.of(self.field).among(self.values)


@dataclass(frozen=True)
class Within:
    """The documents that hold a number within all of the bounds."""

    field: str
    bounds: tuple[tuple[str, float], ...]

    def mask(self, columns: Columns) -> Mask:
        """The rows that do."""
        column = columns.of(self.field)
        return reduce(np.logical_and, [column.compared(_BOUNDS[name], bound) for name, bound in self.bounds])


@dataclass(frozen=True)
class Present:
    """The documents that have the field."""

    field: str

    def mask(self, columns: Columns) -> Mask:
        """The rows that do."""
        return columns.of(self.field).present()


@dataclass(frozen=True)
class Combined:
    """Conditions of which all have to hold, some number of others, and none of the rest."""

    all_of: tuple[Condition, ...]
    some_of: tuple[Condition, ...]
    none_of: tuple[Condition, ...]
    least: int

    def mask(self, columns: Columns) -> Mask:
        """The rows for which they do."""
        chosen = Everything().mask(columns)
        for one in self.all_of:
            chosen &= one.mask(columns)
        for one in self.none_of:
            chosen &= ~one.mask(columns)
        if self.least:
            held = np.zeros(len(columns), dtype=np.int32)
            for one in self.some_of:
                held += one.mask(columns)
            chosen &= held >= self.least
        return chosen


def parse(given: Any, fields: Fields, level: int = 1) -> Condition:
    """The condition that a query states. Raises OpenSearchError."""
    if level > _LEVELS:
        raise errors.not_parsed(f"The twin takes queries of up to {_LEVELS} levels.")
    if not isinstance(given, dict) or len(given) != 1:
        raise errors.not_parsed(f"[query] malformed query: an object with one key is wanted, not {given!r}")
    [(kind, body)] = given.items()
    if kind not in KINDS:
        raise errors.not_parsed(
            f"unknown query [{kind}]: the twin's queries that filter are {', '.join(KINDS)}, and knn stands by itself "
            "or under must of a bool"
        )
    if not isinstance(body, dict):
        raise errors.not_parsed(f"[{kind}] query malformed, no start_object after query name")
    if kind == "match_all":
        _refuse_unknown(kind, body, set())
        return Everything()
    if kind == "bool":
        return _combined(body, fields, level)
    if kind == "exists":
        _refuse_unknown(kind, body, {"field"})
        fields.of(str(body.get("field")))
        return Present(str(body.get("field")))
    if len(body) != 1:
        raise errors.not_parsed(f"[{kind}] query doesn't support multiple fields, found {sorted(body)}")
    [(field, value)] = body.items()
    return {"term": _term, "terms": _terms, "range": _range}[kind](field, value, fields)


def _combined(body: dict[str, Any], fields: Fields, level: int) -> Condition:
    _refuse_unknown("bool", body, {*_CLAUSES, "minimum_should_match"})
    parts = {}
    for clause in _CLAUSES:
        given = body.get(clause, [])
        parts[clause] = tuple(parse(one, fields, level + 1) for one in (given if isinstance(given, list) else [given]))
    least = body.get("minimum_should_match", 0 if parts["must"] or parts["filter"] else min(1, len(parts["should"])))
    if not isinstance(least, int) or isinstance(least, bool) or least < 0:
        raise errors.not_parsed(f"The twin takes a number for [minimum_should_match], not {least!r}")
    return Combined((*parts["must"], *parts["filter"]), parts["should"], parts["must_not"], least)


def _term(field: str, value: Any, fields: Fields) -> Condition:
    if isinstance(value, dict):
        _refuse_unknown("term", value, {"value"})
        value = value.get("value")
    return Among(field, (_searched(field, value, fields),))


def _terms(field: str, values: Any, fields: Fields) -> Condition:
    if not isinstance(values, list):
        raise errors.not_parsed(f"[terms] query requires a list of values for [{field}]")
    if len(values) > _MOST_TERMS:
        raise errors.illegal(f"The number of terms [{len(values)}] exceeds the allowed maximum of [{_MOST_TERMS}]")
    return Among(field, tuple(_searched(field, value, fields) for value in values))


def _range(field: str, given: Any, fields: Fields) -> Condition:
    if not isinstance(given, dict) or not given:
        raise errors.not_parsed(f"[range] query on [{field}] needs bounds: {', '.join(_BOUNDS)}")
    _refuse_unknown("range", given, set(_BOUNDS))
    if fields.of(field) != "integer":
        raise errors.not_parsed(f"The twin's ranges are of integers, and [{field}] is of type {fields.of(field)}")
    return Within(field, tuple((name, float(_searched(field, bound, fields))) for name, bound in given.items()))


def _searched(field: str, value: Any, fields: Fields) -> Any:
    """A value as the field's column has it. Raises OpenSearchError."""
    kind = fields.of(field)
    if kind in ("knn_vector", "text"):
        raise errors.not_parsed(f"The twin filters by keywords and integers, and [{field}] is of type {kind}")
    if field in fields.unsearchable:
        raise errors.illegal(f"Cannot search on field [{field}] since it is not indexed.")
    if kind == "keyword":
        return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError) as error:
        reason = f"failed to create query: {value!r} is no number"
        raise errors.OpenSearchError("query_shard_exception", reason) from error


def _refuse_unknown(kind: str, body: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(body) - known):
        raise errors.not_parsed(f"[{kind}] query does not support {unknown} here")
