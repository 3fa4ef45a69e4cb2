"""The vectors of one index: a matrix in single precision, with the keys and the metadata of its rows.

A vector that is deleted gives its row to the last one, so that the matrix has no gaps. Safe to use from many threads.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.vectors import nearest
from twin.vectors.columns import Columns, Condition

_LEAST_ROWS = 64
_DIGEST_BYTES, _ROW_BYTES = 16, 4
# Behind a digest with any row.
_BEHIND = b"\xff" * (_ROW_BYTES + 1)


@dataclass(frozen=True)
class Vector:
    """One vector; what its metadata holds is not changed any more."""

    key: str
    data: nearest.Floats
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Neighbour:
    """What a query finds."""

    key: str
    distance: float
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One of several equal parts of an index, for listing them side by side."""

    number: int
    of: int

    def borders(self) -> tuple[bytes, bytes]:
        """Where its digests begin, and where those of the next part do."""
        return self._border(self.number), self._border(self.number + 1)

    def _border(self, number: int) -> bytes:
        if number == self.of:
            return b"\xff" * (_DIGEST_BYTES + _ROW_BYTES + 1)  # behind every digest
        return ((number << 8 * _DIGEST_BYTES) // self.of).to_bytes(_DIGEST_BYTES, "big")


def size_of(metadata: dict[str, Any]) -> int:
    """Roughly how many bytes of memory metadata take: as many as their JSON."""
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def digest_of(key: str) -> bytes:
    """Where a key stands when vectors are listed: an order that writing to the index does not move."""
    return hashlib.blake2b(key.encode(), digest_size=_DIGEST_BYTES).digest()


class VectorTable:
    """The vectors of an index."""

    def __init__(self, dimension: int, metric: nearest.Metric) -> None:
        self._metric = metric
        self._matrix: nearest.Floats = np.empty((0, dimension), np.float32)
        self._lengths: nearest.Doubles = np.empty(0)
        self._keys: list[str] = []
        self._metadata: list[dict[str, Any]] = []
        self._rows: dict[str, int] = {}
        self._metadata_bytes = 0
        self._columns: Columns | None = None
        self._listing: list[bytes] | None = None
        self._lock = threading.RLock()
        self.changes = 0
        """How often it was written to."""

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self._matrix.shape[1])

    @property
    def size(self) -> int:
        """Roughly how many bytes of memory it holds."""
        with self._lock:
            return self._matrix.nbytes + self._lengths.nbytes + self._metadata_bytes

    def parts(self) -> tuple[list[str], nearest.Floats, list[dict[str, Any]]]:
        """Keys, vectors and metadata of all rows, as they are now."""
        with self._lock:
            return list(self._keys), self._matrix[: len(self._keys)].copy(), list(self._metadata)

    def get(self, key: str) -> Vector | None:
        """A vector, or None."""
        with self._lock:
            row = self._rows.get(key)
            return None if row is None else Vector(key, self._matrix[row].copy(), self._metadata[row])

    # ---- writing ----------------------------------------------------------------------------------------

    def put(self, vectors: Sequence[Vector]) -> None:
        """Add vectors, and replace those whose keys are there; of a key that is given twice, the last."""
        if not vectors:
            return
        with self._lock:
            self._changed()
            fresh = {vector.key for vector in vectors} - self._rows.keys()
            self._reserve(len(self._keys) + len(fresh))
            for vector in vectors:
                self._set(vector)

    def delete(self, keys: Iterable[str]) -> None:
        """Take vectors away; keys that are not there are passed over."""
        with self._lock:
            self._changed()
            for key in keys:
                if key in self._rows:
                    self._remove(key)
            self._reserve(len(self._keys))

    def _changed(self) -> None:
        self.changes += 1
        self._columns = self._listing = None

    def _set(self, vector: Vector) -> None:
        row = self._rows.get(vector.key)
        metadata = {sys.intern(key): value for key, value in vector.metadata.items()}
        if row is None:
            row = self._rows[vector.key] = len(self._keys)
            self._keys.append(vector.key)
            self._metadata.append(metadata)
        else:
            self._metadata_bytes -= size_of(self._metadata[row])
            self._metadata[row] = metadata
        self._metadata_bytes += size_of(metadata)
        self._matrix[row] = vector.data
        self._lengths[row] = nearest.norms(vector.data[np.newaxis])[0]

    def _remove(self, key: str) -> None:
        row, last = self._rows.pop(key), len(self._keys) - 1
        self._metadata_bytes -= size_of(self._metadata[row])
        if row != last:
            self._matrix[row], self._lengths[row] = self._matrix[last], self._lengths[last]
            self._keys[row], self._metadata[row] = self._keys[last], self._metadata[last]
            self._rows[self._keys[row]] = row
        self._keys.pop()
        self._metadata.pop()

    def _reserve(self, rows: int) -> None:
        """Room for as many rows: twice what is needed where it grows, and half of it where three quarters are free."""
        have = len(self._matrix)
        if have // 4 <= rows <= have:
            return
        room = max(_LEAST_ROWS, rows * 3 // 2)
        if room == have:
            return
        matrix = np.empty((room, self._matrix.shape[1]), np.float32)
        lengths = np.empty(room)
        kept = min(len(self._keys), have)
        matrix[:kept], lengths[:kept] = self._matrix[:kept], self._lengths[:kept]
        self._matrix, self._lengths = matrix, lengths

    # ---- reading ----------------------------------------------------------------------------------------

    def nearest(self, query: nearest.Floats, k: int, condition: Condition | None = None) -> list[Neighbour]:
        """The `k` nearest vectors that fulfil the condition, by distance in single precision and then by key."""
        with self._lock:
            count = len(self._keys)
            allowed = condition.mask(self._filled_columns()) if condition and count else None
            rows, distances = nearest.candidates(
                self._matrix[:count], self._lengths[:count], query, self._metric, k, allowed
            )
            rounded = distances.astype(np.float32).tolist()
            ranked = sorted(zip(rounded, (self._keys[row] for row in rows), strict=True))[:k]
            return [Neighbour(key, distance, self._metadata[self._rows[key]]) for distance, key in ranked]

    def chosen(self, condition: Condition) -> list[tuple[str, dict[str, Any]]]:
        """Keys and metadata of all vectors that fulfil the condition."""
        with self._lock:
            rows: list[int] = np.flatnonzero(condition.mask(self._filled_columns())).tolist() if self._keys else []
            return [(self._keys[row], self._metadata[row]) for row in rows]

    def _filled_columns(self) -> Columns:
        if self._columns is None:
            self._columns = Columns(self._metadata)
        return self._columns

    def listed(self, part: Part, after: bytes, most: int, most_bytes: int) -> tuple[list[Vector], bytes | None]:
        """Up to `most` vectors of a part of the index in the order of listings, those after the digest `after`.

        At least one, and no more once they have `most_bytes`. With them the digest of the last, where more follow.
        """
        with self._lock:
            listing = self._filled_listing()
            begin, end = (bisect_left(listing, border) for border in part.borders())
            begin = max(begin, bisect_left(listing, after + _BEHIND)) if after else begin
            found: list[Vector] = []
            read = 0
            for entry in listing[begin : min(end, begin + most)]:
                row = int.from_bytes(entry[_DIGEST_BYTES:], "big")
                found.append(Vector(self._keys[row], self._matrix[row].copy(), self._metadata[row]))
                read += self._matrix[row].nbytes + len(self._keys[row]) + size_of(self._metadata[row])
                if read >= most_bytes:
                    break
            return found, digest_of(found[-1].key) if found and begin + len(found) < end else None

    def _filled_listing(self) -> list[bytes]:
        """The digests of all keys in order, with their rows behind them."""
        if self._listing is None:
            rows = (row.to_bytes(_ROW_BYTES, "big") for row in range(len(self._keys)))
            self._listing = sorted(digest_of(key) + row for key, row in zip(self._keys, rows, strict=True))
        return self._listing
