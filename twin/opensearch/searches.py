"""Searching and counting: the nearest documents of an index, or those that a filter lets through."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from twin.opensearch import errors, filters, mappings, scores
from twin.opensearch.store import Index
from twin.vectors.columns import Columns, Condition, Mask

Json = dict[str, Any]

MOST_NEIGHBOURS = MOST_RESULTS = 10_000
_KEYS = ("_source", "from", "query", "size")
_SIZE = 10
# What a document scores that is only chosen: 1 by match_all, 0 by a filter.
_CHOSEN, _FILTERED = 1.0, 0.0


@dataclass(frozen=True)
class Ranked:
    """A document that was found."""

    id: str
    score: float
    source: Json


@dataclass(frozen=True)
class _Nearest:
    vector: Any
    k: int
    condition: Condition | None


def search(index: Index, body: Json) -> Json:
    """The answer of `_search`. Raises OpenSearchError."""
    begun = time.monotonic()
    if unknown := sorted(set(body) - set(_KEYS)):
        raise errors.not_parsed(f"The twin's searches know {', '.join(_KEYS)}, and not {', '.join(unknown)}.")
    size, start = _whole(body, "size", _SIZE), _whole(body, "from", 0)
    if size + start > MOST_RESULTS:
        raise errors.illegal(
            f"Result window is too large, from + size must be less than or equal to: [{MOST_RESULTS}] but was "
            f"[{size + start}]."
        )
    shown = _Source.parse(body.get("_source", True))
    found = find(index, body.get("query", {"match_all": {}}))
    page = found[start : start + size]
    vectors = index.table if shown.shows(index.fields.vectors.name) else None
    hits = []
    for one in page:
        hit: Json = {"_index": index.name, "_id": one.id, "_score": one.score}
        if shown.any:
            source = dict(one.source)
            if vectors is not None and (vector := vectors.get(one.id)):
                # The shortest decimals that single precision tells apart: those that were given, as a rule.
                source[index.fields.vectors.name] = [float(str(number)) for number in vector.data]
            hit["_source"] = {name: value for name, value in source.items() if shown.shows(name)}
        hits.append(hit)
    return {
        "took": int((time.monotonic() - begun) * 1000),
        "timed_out": False,
        "_shards": _shards(),
        "hits": {
            "total": {"value": len(found), "relation": "eq"},
            "max_score": found[0].score if found and size else None,
            "hits": hits,
        },
    }


def count(index: Index, body: Json) -> Json:
    """The answer of `_count`. Raises OpenSearchError."""
    if unknown := sorted(set(body) - {"query"}):
        raise errors.not_parsed(f"request does not support {unknown}")
    return {"count": len(find(index, body.get("query", {"match_all": {}}))), "_shards": _shards()}


def find(index: Index, query: Any) -> list[Ranked]:
    """The documents that a query finds, the best first. Raises OpenSearchError."""
    table = index.visible()
    if isinstance(query, dict) and list(query) == ["knn"]:
        return _neighbours(index, _nearest(query["knn"], index), None)
    if isinstance(query, dict) and list(query) == ["bool"] and (split := _without_knn(query["bool"])):
        knn, rest = split
        return _neighbours(index, _nearest(knn, index), filters.parse({"bool": rest}, index.fields))
    condition = filters.parse(query, index.fields)
    score = _FILTERED if _only_filters(query) else _CHOSEN
    return [Ranked(key, score, source) for key, source in table.chosen(condition)]


def _neighbours(index: Index, asked: _Nearest, after: Condition | None) -> list[Ranked]:
    """The nearest, and of them those that a condition beside the knn query lets through: it comes after it."""
    vectors = index.fields.vectors
    if asked.condition is not None and vectors.engine == "nmslib":
        raise errors.illegal("Engine [NMSLIB] does not support filters")
    found = index.table.nearest(asked.vector, asked.k, asked.condition)
    kept: Mask = np.ones(len(found), dtype=bool)
    if after is not None and found:
        kept = after.mask(Columns([one.metadata for one in found]))
    return [
        Ranked(one.key, scores.score(one.distance, vectors.engine, vectors.space), one.metadata)
        for one, keep in zip(found, kept, strict=True)
        if keep
    ]


def _nearest(given: Any, index: Index) -> _Nearest:
    if not isinstance(given, dict) or len(given) != 1 or not isinstance(next(iter(given.values())), dict):
        raise errors.not_parsed("[knn] query wants one field, with an object")
    [(name, body)] = given.items()
    vectors = index.fields.vectors
    if name != vectors.name:
        raise errors.illegal(f"Field '{name}' is not knn_vector type.")
    if unknown := sorted(set(body) - {"vector", "k", "filter"}):
        raise errors.not_parsed(f"[knn] query does not support {unknown} here")
    k = body.get("k")
    if not isinstance(k, int) or isinstance(k, bool) or not 0 < k <= MOST_NEIGHBOURS:
        raise errors.illegal(f"[knn] requires k to be in the range (0, {MOST_NEIGHBOURS}], not {k}")
    wanted = body.get("vector")
    if isinstance(wanted, list) and len(wanted) != vectors.dimension:
        raise errors.illegal(
            f"Query vector has invalid dimension: {len(wanted)}. Dimension should be: {vectors.dimension}"
        )
    condition = filters.parse(body["filter"], index.fields) if "filter" in body else None
    return _Nearest(mappings.as_vector(wanted, vectors), k, condition)


def _without_knn(body: Any) -> tuple[Any, Json] | None:
    """A bool's one knn query under `must`, and the rest of it; None where there is none."""
    if not isinstance(body, dict):
        return None
    must = body.get("must", [])
    clauses = must if isinstance(must, list) else [must]
    found = [one for one in clauses if isinstance(one, dict) and "knn" in one]
    if len(found) != 1 or len(clauses) != 1:
        return None
    return found[0]["knn"], {name: value for name, value in body.items() if name != "must"} | {"must": []}


def _only_filters(query: Any) -> bool:
    body = query.get("bool") if isinstance(query, dict) else None
    return isinstance(body, dict) and not body.get("must") and not body.get("should")


def _whole(body: Json, name: str, default: int) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise errors.illegal(f"[{name}] parameter cannot be negative, found [{value}]")
    return value


def _shards() -> Json:
    return {"total": 0, "successful": 0, "skipped": 0, "failed": 0}


# ---- what is shown --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """Which fields of a document an answer shows."""

    any: bool
    includes: tuple[str, ...] = ("*",)
    excludes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, given: Any) -> _Source:
        if isinstance(given, bool):
            return cls(given)
        if isinstance(given, dict) and set(given) <= {"includes", "excludes"}:
            return cls(True, _names(given.get("includes", "*")), _names(given.get("excludes", [])))
        return cls(True, _names(given))

    def shows(self, name: str) -> bool:
        return (
            self.any
            and any(fnmatchcase(name, one) for one in self.includes)
            and not any(fnmatchcase(name, one) for one in self.excludes)
        )


def _names(given: Any) -> tuple[str, ...]:
    names = given if isinstance(given, list) else [given]
    if not all(isinstance(one, str) for one in names):
        raise errors.not_parsed(f"_source is true, false, names of fields, or includes and excludes, not {given!r}")
    return tuple(names)
