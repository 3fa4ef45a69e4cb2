"""The vector buckets of all accounts and regions, with their indexes, by ARN."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from twin.emulator.hooks import Request
from twin.s3vectors import errors
from twin.s3vectors.names import Target, bucket_arn, target_of_arn
from twin.vectors.nearest import Metric
from twin.vectors.saved import Saved
from twin.vectors.table import VectorTable

MOST_BUCKETS = MOST_INDEXES = 10_000
MOST_BYTES = 2 * 1024**3
"""What the twin holds of vectors and their metadata in memory, all indexes together."""


@dataclass
class Index:
    """A vector index. Only its tags and its vectors change."""

    name: str
    arn: str
    dimension: int
    metric: Metric
    non_filterable: tuple[str, ...]
    encryption: dict[str, str]
    tags: dict[str, str]
    created: float = field(default_factory=time.time)
    saved: Saved = field(default_factory=Saved)
    table: VectorTable = field(init=False)

    def __post_init__(self) -> None:
        self.table = VectorTable(self.dimension, self.metric)


@dataclass
class Bucket:
    """A vector bucket. Only its tags, its policy and its indexes change."""

    name: str
    arn: str
    encryption: dict[str, str]
    tags: dict[str, str]
    created: float = field(default_factory=time.time)
    policy: str | None = None
    indexes: dict[str, Index] = field(default_factory=dict)


_lock = threading.RLock()
_buckets: dict[str, Bucket] = {}


def find_bucket(arn: str) -> Bucket | None:
    """A bucket, or None."""
    with _lock:
        return _buckets.get(arn)


def find_index(target: Target) -> Index | None:
    """An index, or None."""
    with _lock:
        bucket = _buckets.get(target.bucket_arn)
        return bucket.indexes.get(target.index or "") if bucket else None


def bucket_of(target: Target) -> Bucket:
    """The bucket. Raises ServiceError NotFoundException."""
    if bucket := find_bucket(target.bucket_arn):
        return bucket
    raise errors.not_found("vector bucket")


def index_of(target: Target) -> Index:
    """The index. Raises ServiceError NotFoundException."""
    bucket_of(target)
    if index := find_index(target):
        return index
    raise errors.not_found("index")


def buckets(request: Request) -> dict[str, Bucket]:
    """The caller's buckets in the region, by name."""
    begin = bucket_arn(request, "")
    with _lock:
        return {bucket.name: bucket for arn, bucket in _buckets.items() if arn.startswith(begin)}


def everything() -> list[Bucket]:
    """The buckets of all accounts and regions."""
    with _lock:
        return list(_buckets.values())


def add_bucket(request: Request, bucket: Bucket) -> None:
    """Keep a new bucket. Raises ServiceError."""
    with _lock:
        if bucket.arn in _buckets:
            raise errors.conflict(f"A vector bucket with the name {bucket.name} already exists")
        if len(buckets(request)) >= MOST_BUCKETS:
            raise errors.quota(f"There may be {MOST_BUCKETS} vector buckets in a Region")
        _buckets[bucket.arn] = bucket


def remove_bucket(target: Target) -> None:
    """Forget an empty bucket. Raises ServiceError."""
    with _lock:
        if bucket_of(target).indexes:
            raise errors.conflict("The specified vector bucket is not empty: delete its indexes first")
        del _buckets[target.bucket_arn]


def add_index(target: Target, index: Index) -> None:
    """Keep a new index. Raises ServiceError."""
    with _lock:
        bucket = bucket_of(target)
        if index.name in bucket.indexes:
            raise errors.conflict(f"An index with the name {index.name} already exists")
        if len(bucket.indexes) >= MOST_INDEXES:
            raise errors.quota(f"There may be {MOST_INDEXES} indexes in a vector bucket")
        bucket.indexes[index.name] = index


def remove_index(target: Target) -> None:
    """Forget an index with its vectors. Raises ServiceError."""
    with _lock:
        index = index_of(target)
        del bucket_of(target).indexes[index.name]


def tagged(target: Target) -> Bucket | Index:
    """What bears the tags of an ARN. Raises ServiceError NotFoundException."""
    return index_of(target) if target.index else bucket_of(target)


def tags(arn: str) -> dict[str, str]:
    """The tags of what bears the ARN; none of what is not there."""
    target = target_of_arn(arn)
    found: Bucket | Index | None = find_index(target) if target.index else find_bucket(target.bucket_arn)
    return dict(found.tags) if found else {}


def require_room(more: int) -> None:
    """Raise ServiceError where the twin cannot hold so many bytes more."""
    held = sum(index.table.size for bucket in everything() for index in list(bucket.indexes.values()))
    if held + more > MOST_BYTES:
        raise errors.quota(
            f"The twin holds up to {MOST_BYTES // 1024**2} MiB of vectors and metadata in memory, and has "
            f"{held // 1024**2} MiB: delete vectors or indexes, or try fewer here"
        )


def replace(restored: list[Bucket]) -> None:
    """Put back what was saved."""
    with _lock:
        _buckets.clear()
        _buckets.update({bucket.arn: bucket for bucket in restored})
