"""Everything that exists: records by kind and name, for each account and region.

A record is what the service's Describe operation answers, with times in epoch seconds.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from twin.emulator.hooks import Json, ServiceError

Kind = Literal[
    "pipeline",
    "execution",
    "training-job",
    "processing-job",
    "hyper-parameter-tuning-job",
    "model-package-group",
    "model-package",
    "model",
    "endpoint-config",
    "endpoint",
    "cache",
    "tags",
]


@dataclass(frozen=True)
class Scope:
    """An account and a region."""

    account: str
    region: str

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a resource; in SageMaker's ARNs names are in lower case."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{kind}/{name.lower()}"


@dataclass
class Store:
    """The resources of one scope. `lock` makes a check and what follows from it one step.

    The case of names does not matter: a pipeline's step tells only its job's ARN, in lower case, and describing the
    job by the name in it works on AWS.
    """

    scope: Scope
    records: dict[str, dict[str, Json]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def of(self, kind: Kind) -> dict[str, Json]:
        """The records of a kind by their names in lower case."""
        with self.lock:
            return self.records.setdefault(kind, {})

    def add(self, kind: Kind, name: str, record: Json, taken: Callable[[], ServiceError]) -> Json:
        """Add a record with the times of its creation; raise what `taken` gives where the name is taken."""
        now = time.time()
        with self.lock:
            if name.lower() in self.of(kind):
                raise taken()
            added = {**record, "CreationTime": now, "LastModifiedTime": now}
            self.of(kind)[name.lower()] = added
            return added

    def find(self, kind: Kind, name: str) -> Json | None:
        """A record, or None where there is none."""
        return self.of(kind).get(name.lower())

    def get(self, kind: Kind, name: str, missing: Callable[[], ServiceError]) -> Json:
        """A record; raise what `missing` gives where there is none."""
        record = self.find(kind, name)
        if record is None:
            raise missing()
        return record

    def update(self, record: Json, **changes: Any) -> None:
        """Change a record, and its time of modification."""
        with self.lock:
            record.update(changes, LastModifiedTime=time.time())

    def remove(self, kind: Kind, name: str, missing: Callable[[], ServiceError]) -> Json:
        """Take a record out; raise what `missing` gives where there is none."""
        with self.lock:
            self.get(kind, name, missing)
            return self.of(kind).pop(name.lower())


_stores: dict[Scope, Store] = {}
_guard = threading.Lock()


def store_of(scope: Scope) -> Store:
    """The store of a scope; it begins empty."""
    with _guard:
        return _stores.setdefault(scope, Store(scope))


def save() -> Json:
    """Everything, as JSON."""
    saved = {}
    for store in stores():
        with store.lock:
            saved[f"{store.scope.account}/{store.scope.region}"] = copy.deepcopy(store.records)
    return saved


def load(saved: Json) -> None:
    """Put back what `save` gave."""
    for name, records in saved.items():
        account, _, region = name.partition("/")
        store_of(Scope(account, region)).records = records


def stores() -> list[Store]:
    """The stores of all scopes."""
    with _guard:
        return list(_stores.values())
