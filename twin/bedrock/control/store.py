"""Everything that exists on Bedrock's control plane, by kind and ARN, for each account and region.

A record is what the service's Get operation answers, with what the twin keeps beside it under keys with an underscore.
"""

from __future__ import annotations

import copy
import secrets
import string
import threading
from datetime import UTC, datetime
from typing import Any, Literal

from twin.emulator.hooks import Json, Request

Kind = Literal["job", "model", "deployment", "throughput", "import-job", "imported-model", "guardrail"]

_ALPHABET = string.ascii_lowercase + string.digits
_lock = threading.RLock()
_records: dict[str, dict[str, Json]] = {}


def prefix(request: Request) -> str:
    """The beginning of the ARNs of the caller's account and region."""
    return f"arn:aws:bedrock:{request.region}:{request.account}:"


def new_id() -> str:
    """What Bedrock ends an ARN with: twelve letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def now() -> str:
    """The time as Bedrock tells it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def add(kind: Kind, arn: str, record: Json) -> Json:
    """Keep a record under its ARN."""
    with _lock:
        _records.setdefault(kind, {})[arn] = record
    return record


def find(kind: Kind, identifier: str, name_key: str, begin: str) -> tuple[str, Json] | None:
    """A record by its ARN, the last part of it, or its name, among those whose ARNs begin so."""
    with _lock:
        for arn, record in _records.get(kind, {}).items():
            known = (arn, arn.rpartition("/")[2], record.get(name_key))
            if arn.startswith(begin) and identifier in known:
                return arn, record
    return None


def tags(arn: str) -> list[Json]:
    """The tags of the record with an ARN, of whatever kind."""
    with _lock:
        return next((records[arn].get("_tags", []) for records in _records.values() if arn in records), [])


def of(kind: Kind, begin: str) -> list[Json]:
    """The records whose ARNs begin so."""
    with _lock:
        return [record for arn, record in _records.get(kind, {}).items() if arn.startswith(begin)]


def all_of(kind: Kind) -> list[Json]:
    """The records of a kind, of all accounts and regions."""
    return of(kind, "")


def update(record: Json, **changes: Any) -> None:
    """Change a record as one step."""
    with _lock:
        record.update(changes)


def remove(kind: Kind, arn: str) -> None:
    """Forget a record."""
    with _lock:
        _records.get(kind, {}).pop(arn, None)


def shown(record: Json) -> Json:
    """What an answer tells of a record: a copy, because jobs go on writing to it."""
    with _lock:
        return {key: copy.deepcopy(value) for key, value in record.items() if not key.startswith("_")}


def save() -> Json:
    """Everything, as JSON."""
    with _lock:
        return copy.deepcopy(_records)


def load(saved: Json) -> None:
    """Put back what `save` gave."""
    with _lock:
        _records.clear()
        _records.update(saved)
