"""The indexes of all collections, by the collection's id, with their documents.

What is written is found later, as in OpenSearch, whose refresh makes it visible: here as long after the write as the
index's refresh interval says.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from twin.opensearch import errors
from twin.opensearch.mappings import Fields
from twin.opensearch.scores import METRICS
from twin.vectors.saved import Saved
from twin.vectors.table import Vector, VectorTable, size_of

Json = dict[str, Any]

MOST_INDEXES = 1280
MOST_BYTES = 2 * 1024**3
"""What the twin holds of documents in memory, all collections together."""
REFRESH_S = 60.0
"""The refresh interval of vector search collections, by AWS's documentation."""
SCALE_VARIABLE = "SFN_WAIT_SCALE"
"""By what the emulator shortens waiting, for state machines as for this."""
# What a document id of the service begins with, before what is drawn at random.
_ID = "1%3A0%3A"


@dataclass(frozen=True)
class _Write:
    at: float
    vector: Vector | None = None
    gone: str = ""

    @property
    def size(self) -> int:
        """Roughly how many bytes of memory it holds."""
        return len(self.gone) if self.vector is None else self.vector.data.nbytes + size_of(self.vector.metadata)


@dataclass
class Index:
    """An index of a collection. Its fields are added to, its refresh interval and its documents change."""

    name: str
    fields: Fields
    refresh_s: float | None = REFRESH_S
    """None for an index that is never refreshed."""
    settings: Json = field(default_factory=dict)
    uuid: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    saved: Saved = field(default_factory=Saved)
    table: VectorTable = field(init=False)
    _waiting: deque[_Write] = field(default_factory=deque)
    _waiting_bytes: int = 0
    _ids: set[str] = field(default_factory=set)
    _lock: Any = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.table = VectorTable(self.fields.vectors.dimension, METRICS[self.fields.vectors.space])

    def add(self, documents: Iterable[tuple[Any, Json]]) -> list[str]:
        """Write documents, each a vector and the rest; the ids that they get."""
        now = time.monotonic()
        with self._lock:
            ids = []
            for array, rest in documents:
                ids.append(f"{_ID}{secrets.token_urlsafe(15)}")
                self._wait(_Write(now, Vector(ids[-1], array, rest)))
            self._ids.update(ids)
            return ids

    def remove(self, key: str) -> bool:
        """Delete a document; whether it was there."""
        with self._lock:
            known = key in self._ids
            self._ids.discard(key)
            self._wait(_Write(time.monotonic(), gone=key))
            return known

    @property
    def size(self) -> int:
        """Roughly how many bytes of memory its documents hold, those that are not visible yet among them."""
        with self._lock:
            return self.table.size + self._waiting_bytes

    def visible(self) -> VectorTable:
        """The documents that searches find by now."""
        self._refresh(time.monotonic())
        return self.table

    def settle(self) -> None:
        """Make everything visible: nothing that was written is lost when the emulator ends."""
        with self._lock:
            self._apply(len(self._waiting))

    def adopt(self) -> None:
        """Know the documents that were put into the table from a file."""
        with self._lock:
            self._ids = set(self.table.parts()[0])

    def _wait(self, write: _Write) -> None:
        self._waiting.append(write)
        self._waiting_bytes += write.size

    def _refresh(self, now: float) -> None:
        if self.refresh_s is None:
            return
        before = now - self.refresh_s * float(os.environ.get(SCALE_VARIABLE, "1"))
        with self._lock:
            due = 0
            while due < len(self._waiting) and self._waiting[due].at <= before:
                due += 1
            self._apply(due)

    def _apply(self, writes: int) -> None:
        added: list[Vector] = []
        gone: list[str] = []
        for _ in range(writes):
            write = self._waiting.popleft()
            self._waiting_bytes -= write.size
            if write.vector is not None:
                added.append(write.vector)
            else:
                gone.append(write.gone)
        if added:
            self.table.put(added)
        if gone:  # an id is drawn anew each time: what was deleted does not come back
            self.table.delete(gone)


_lock = threading.RLock()
_collections: dict[str, dict[str, Index]] = {}


def index_of(collection: str, name: str) -> Index:
    """An index. Raises OpenSearchError where it is not there."""
    with _lock:
        index = _collections.get(collection, {}).get(name)
    if index is None:
        raise errors.no_index(name)
    return index


def add_index(collection: str, index: Index) -> None:
    """Keep a new index. Raises OpenSearchError."""
    with _lock:
        indexes = _collections.setdefault(collection, {})
        if index.name in indexes:
            raise errors.OpenSearchError(
                "resource_already_exists_exception", f"index [{index.name}/{indexes[index.name].uuid}] already exists"
            )
        if len(indexes) >= MOST_INDEXES:
            raise errors.illegal(f"A vector search collection has at most {MOST_INDEXES} indexes")
        indexes[index.name] = index


def remove_index(collection: str, name: str) -> None:
    """Forget an index with its documents. Raises OpenSearchError where it is not there."""
    with _lock:
        index_of(collection, name)
        del _collections[collection][name]


def forget(collection: str) -> None:
    """Forget a collection, with its indexes and their documents."""
    with _lock:
        _collections.pop(collection, None)


def everything() -> dict[str, dict[str, Index]]:
    """The indexes of all collections."""
    with _lock:
        return {name: dict(indexes) for name, indexes in _collections.items()}


def replace(restored: dict[str, dict[str, Index]]) -> None:
    """Put back what was saved."""
    with _lock:
        _collections.clear()
        _collections.update(restored)


def require_room(more: int) -> None:
    """Raise OpenSearchError where the twin cannot hold so many bytes more."""
    held = sum(index.size for indexes in everything().values() for index in indexes.values())
    if held + more > MOST_BYTES:
        raise errors.OpenSearchError(
            "circuit_breaking_exception",
            f"The twin holds up to {MOST_BYTES // 1024**2} MiB of documents in memory, and has "
            f"{held // 1024**2} MiB: delete documents or indexes, or try fewer here.",
            429,
        )
