"""What the twin's Athena keeps: workgroups, named queries and query executions, safe to use from many threads."""

from __future__ import annotations

import threading
from typing import Any

from twin.emulator.hooks import ServiceError
from twin.shapes import problems

Json = dict[str, Any]


class Store:
    """Records of one kind by name or id, oldest first."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._records: dict[str, Json] = {}
        self._lock = threading.RLock()

    def named(self, key: str) -> Json:
        """A copy of a record. Raises ServiceError InvalidRequestException where there is none."""
        with self._lock:
            if key not in self._records:
                raise ServiceError("InvalidRequestException", f"{self._noun} {key} is not found.")
            return dict(self._records[key])

    def find(self, key: str) -> Json | None:
        """A copy of a record, or None."""
        with self._lock:
            return dict(self._records[key]) if key in self._records else None

    def put(self, key: str, record: Json) -> None:
        """Add or replace a record."""
        with self._lock:
            self._records[key] = record

    def remove(self, key: str) -> None:
        """Forget a record."""
        with self._lock:
            self._records.pop(key, None)

    def all(self) -> dict[str, Json]:
        """Every record by its key."""
        with self._lock:
            return dict(self._records)

    def load(self, records: dict[str, Json]) -> None:
        """Take what `all` gave."""
        with self._lock:
            self._records = dict(records)


WORKGROUPS = Store("WorkGroup")
NAMED_QUERIES = Store("NamedQuery")
EXECUTIONS = Store("QueryExecution")


def check(operation: str, parameters: Json) -> None:
    """Refuse parameters that Athena's API does not have. Raises ServiceError InvalidRequestException."""
    if wrong := problems("athena", operation, parameters):
        raise ServiceError("InvalidRequestException", wrong)
