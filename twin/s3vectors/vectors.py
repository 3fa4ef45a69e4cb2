"""The vectors of an index: putting, getting, listing and deleting them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from twin.emulator.hooks import Json, Request
from twin.s3vectors import encryption, errors, metadata, store
from twin.s3vectors.names import index_target
from twin.vectors.nearest import Floats
from twin.vectors.table import Part, Vector
from twin.vectors.values import is_unicode

_LISTED, _LISTED_BYTES = 500, 1024**2
_TOKEN = re.compile(r"[0-9a-f]{32}")
# One message is not to be longer than a reader is patient.
_SHOWN = 5


def index_and_key(request: Request, given: Json) -> store.Index:
    """The index that a request names, if its key can be used. Raises ServiceError."""
    index = store.index_of(index_target(request, given))
    encryption.require_key(index.encryption)
    return index


def as_array(data: Any, dimension: int, metric: str) -> Floats | str:
    """A vector's numbers in single precision, or what is wrong with them. They are judged as they are stored."""
    numbers = data.get("float32")
    if not isinstance(numbers, list) or not set(map(type, numbers)) <= {int, float}:
        return "vector must be a list of numbers"
    if len(numbers) != dimension:
        return f"vector must have length {dimension}, but has length {len(numbers)}"
    try:
        with np.errstate(over="ignore"):
            array: Floats = np.array(numbers, dtype=np.float64).astype(np.float32)
    except OverflowError:  # an integer beyond a double
        return "vector contains NaNs or Infs"
    if not np.isfinite(array).all():
        return "vector contains NaNs or Infs"
    if metric == "cosine" and not array.any():
        return "cosine distance does not support vectors with zero norm"
    return array


def put_vectors(request: Request, given: Json) -> Json:
    """PutVectors: all of them or, where one cannot be stored, none."""
    index = index_and_key(request, given)
    wrong: list[str] = []
    vectors: list[Vector] = []
    for record in given["vectors"]:
        array = as_array(record["data"], index.dimension, index.metric)
        held = record.get("metadata") or {}
        problems = list(metadata.problems(held, index.non_filterable))
        problems += [array] if isinstance(array, str) else []
        problems += [] if is_unicode(record["key"]) else ["key must be Unicode"]
        wrong += [f"Invalid record for key {record['key']!r}: {problem}" for problem in problems]
        if not isinstance(array, str):
            vectors.append(Vector(record["key"], array, held))
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise errors.validation(f"{'; '.join(wrong[:_SHOWN])}{more}")
    store.require_room(sum(vector.data.nbytes + metadata.size(vector.metadata) for vector in vectors))
    index.table.put(vectors)
    return {}


def get_vectors(request: Request, given: Json) -> Json:
    """GetVectors: those that there are."""
    index = index_and_key(request, given)
    found = (index.table.get(key) for key in dict.fromkeys(given["keys"]))
    return {"vectors": list(_shown((vector for vector in found if vector), given))}


def delete_vectors(request: Request, given: Json) -> Json:
    """DeleteVectors: those that there are."""
    index_and_key(request, given).table.delete(given["keys"])
    return {}


def list_vectors(request: Request, given: Json) -> Json:
    """ListVectors: a page, which ends after some vectors or once a mebibyte was read."""
    index = index_and_key(request, given)
    vectors, more = index.table.listed(_part(given), _after(given), given.get("maxResults", _LISTED), _LISTED_BYTES)
    return {"vectors": list(_shown(iter(vectors), given)), **({"nextToken": more.hex()} if more else {})}


def _part(given: Json) -> Part:
    if ("segmentCount" in given) != ("segmentIndex" in given):
        raise errors.validation("segmentCount and segmentIndex must be specified together")
    part = Part(given.get("segmentIndex", 0), given.get("segmentCount", 1))
    if part.number >= part.of:
        raise errors.validation("segmentIndex must be less than segmentCount")
    return part


def _after(given: Json) -> bytes:
    token = given.get("nextToken", "")
    if token and not _TOKEN.fullmatch(token):
        raise errors.validation("Invalid nextToken: pass on the one of the page before")
    return bytes.fromhex(token)


def _shown(vectors: Iterator[Vector], given: Json) -> Iterator[Json]:
    for vector in vectors:
        shown: Json = {"key": vector.key}
        if given.get("returnData"):
            shown["data"] = {"float32": vector.data.tolist()}
        if given.get("returnMetadata"):
            shown["metadata"] = vector.metadata
        yield shown
