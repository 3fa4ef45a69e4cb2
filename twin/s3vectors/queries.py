"""QueryVectors: the nearest vectors of an index, a page at a time.

The pages after the first are of what the first one found: what is written meanwhile does not change them. What was
found is kept for some minutes, as on AWS, and for the latest queries alone.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from twin.emulator.hooks import Json, Request
from twin.s3vectors import errors, filters, indexes, store
from twin.s3vectors.vectors import as_array, index_and_key
from twin.vectors.table import Neighbour

MOST_RESULTS, PAGE = 10_000, 100
_KEPT_S = 600.0
_KEPT_QUERIES = 32
# What the pages of one query have to ask alike.
_ALIKE = ("queryVector", "topK", "filter", "queryMode")


@dataclass(frozen=True)
class _Found:
    asked: bytes
    neighbours: list[Neighbour]
    until: float


_lock = threading.Lock()
_kept: OrderedDict[str, _Found] = OrderedDict()


def query_vectors(request: Request, given: Json) -> Json:
    """QueryVectors."""
    index = index_and_key(request, given)
    if "queryMode" in given and given["queryMode"] != indexes.MODE:
        raise errors.validation(
            f"queryMode {given['queryMode']} cannot be asked of an index whose mode is {indexes.MODE}"
        )
    asked = _digest(index, given)
    if token := given.get("nextToken"):
        name, start, neighbours = _continued(token, asked)
    else:
        name, start, neighbours = secrets.token_hex(16), 0, _search(index, given)
        if len(neighbours) > PAGE:
            _keep(name, _Found(asked, neighbours, time.monotonic() + _KEPT_S))
    page = neighbours[start : start + PAGE]
    more = {"nextToken": f"{name}-{start + PAGE}"} if start + PAGE < len(neighbours) else {}
    return {"vectors": [_shown(one, given) for one in page], "distanceMetric": index.metric, **more}


def _search(index: store.Index, given: Json) -> list[Neighbour]:
    if given["topK"] > MOST_RESULTS:
        raise errors.validation(f"topK must be at most {MOST_RESULTS}")
    query = as_array(given["queryVector"], index.dimension, index.metric)
    if isinstance(query, str):
        raise errors.validation(f"Query vector contains invalid values or is invalid for this index: {query}")
    condition = None
    if "filter" in given:
        try:
            condition = filters.parse(given["filter"], index.non_filterable)
        except filters.InvalidFilterError as error:
            raise errors.validation(f"Invalid filter: {error}") from error
    return index.table.nearest(query, given["topK"], condition)


def _shown(found: Neighbour, given: Json) -> Json:
    shown: Json = {"key": found.key}
    if given.get("returnDistance"):
        shown["distance"] = found.distance
    if given.get("returnMetadata"):
        shown["metadata"] = found.metadata
    return shown


def _digest(index: store.Index, given: Json) -> bytes:
    asked = [index.arn, index.created, *(given.get(name) for name in _ALIKE)]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


def _keep(name: str, found: _Found) -> None:
    with _lock:
        _kept[name] = found
        while len(_kept) > _KEPT_QUERIES:
            _kept.popitem(last=False)


def _continued(token: str, asked: bytes) -> tuple[str, int, list[Neighbour]]:
    name, _, start = token.partition("-")
    with _lock:
        for old in [name for name, found in _kept.items() if found.until < time.monotonic()]:
            del _kept[old]
        found = _kept.get(name)
    if found is None or not start.isdecimal() or not start.isascii():
        raise errors.validation("The nextToken is not valid, or not any more: ask the query anew")
    if found.asked != asked:
        raise errors.validation(f"A nextToken goes with the query that it came from: the same {', '.join(_ALIKE)}")
    return name, int(start), found.neighbours
