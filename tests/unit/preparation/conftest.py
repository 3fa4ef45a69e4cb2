"""What the tests of the preparation share: settings, buckets in memory, and the job without Spark."""

import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

import pytest

from pipelines.preparation.increment import Base
from pipelines.preparation.near_shuffle import EDGES_OF_ONE_TASK, mark_near_duplicates, split_marks
from pipelines.preparation.parts import Destination, Written, write_rows
from pipelines.preparation.reading.chunks import Chunk, count_line_starts, needs_counting, number_lines, plan_chunks
from pipelines.preparation.settings import Settings
from pipelines.preparation.shuffle import carry_over, count_rows, curate_chunks, place, sides_of_rows
from pipelines.preparation.storage import Bucket, StoredObject
from pipelines.preparation.straddling import count_straddling
from pipelines.preparation.stratify import bounds_of
from tests.unit.preparation.local_rdd import LocalRdd

SETTINGS: dict[str, Any] = {
    "task": {"kind": "summarization", "instruction": "Summarize."},
    "data": {
        "columns": {"text": "documentation", "target": "summary", "messages": None},
        "filters": {
            "min_words": 5,
            "max_words": 300,
            "min_target_words": 2,
            "max_target_words": 50,
            "max_symbol_ratio": 0.3,
            "complete_targets": False,
            "max_tokens": 0,
        },
        "quality": {"gopher": False, "c4": False, "fineweb": False, "thresholds": {}},
        "languages": [],
        "harmful": "off",
        "max_record_bytes": 20_000,
        "personal_data": "redact",
        "near_duplicates": {"action": "drop", "similarity": 0.7, "shingle_words": 5},
        "split": {"validation": 0.2, "test": 0.2, "seed": 13, "stratify": "none"},
        "evaluation_set": "",
        "base_run": "",
        "outputs": ["chat"],
    },
}


@dataclass(frozen=True)
class MemoryBucket(Bucket):
    """A bucket whose objects are in memory."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def objects(self, prefix: str) -> list[StoredObject]:
        return [
            StoredObject(key, len(content), f"etag of {hash(content)}")
            for key, content in sorted(self.contents.items())
            if key.startswith(prefix)
        ]

    def newest(self, prefix: str, name: str, but: str) -> str | None:
        folders = [
            f"{prefix}{key.removeprefix(prefix).split('/')[0]}/" for key in self.contents if key.startswith(prefix)
        ]
        found = [folder for folder in folders if folder != but and f"{folder}{name}" in self.contents]
        return found[-1] if found else None

    def open(self, stored: StoredObject, start: int = 0) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self.contents[stored.key][start:]))

    def read(self, key: str) -> bytes:
        return self.contents[key]

    def put(self, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        self.contents[key] = body if isinstance(body, bytes) else body.read()

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            del self.contents[key]


@pytest.fixture
def settings_document() -> dict[str, Any]:
    """A fresh copy of the settings, as they come in the job's argument."""
    copy: dict[str, Any] = json.loads(json.dumps(SETTINGS))
    return copy


@pytest.fixture(scope="module")
def module_settings() -> dict[str, Any]:
    """The settings as they come in the job's argument, for those who do not change them."""
    return SETTINGS


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings under which `record` below is kept."""
    return Settings.from_json(json.dumps(SETTINGS))


@pytest.fixture(scope="session")
def bucket() -> Callable[..., MemoryBucket]:
    """Makes a bucket in memory out of objects by key."""

    def make(contents: dict[str, bytes] | None = None) -> MemoryBucket:
        return MemoryBucket("bucket", dict(contents or {}))

    return make


Prepare = Callable[..., tuple[Written, Destination]]


@pytest.fixture(scope="session")
def prepare(settings: Settings, bucket: Callable[..., MemoryBucket]) -> Prepare:
    """Runs the job's own functions over files, with lists in the place of Spark's partitions."""

    def run(
        files: dict[str, bytes],
        chunk_bytes: int = 1_000_000,
        partitions: int = 2,
        order: int = 1,
        settings: Settings = settings,
        edges_of_one_task: int = EDGES_OF_ONE_TASK,
        base: Base | None = None,
        destination: Destination | None = None,
    ) -> tuple[Written, Destination]:
        raw = bucket(files)
        destination = destination or Destination(bucket(), bucket(), "data/run=1/")
        objects = base.unread(raw.objects(""), raw) if base else raw.objects("")
        chunks = number_all_lines(objects, chunk_bytes, raw)
        rows = [row for chunk in chunks[::order] for row in curate_chunks([chunk], raw, settings)]
        if base:
            rows += carry_over(base.parts, destination.curated, settings)
        to_partition = partial(place, partitions=partitions)
        moved = LocalRdd([rows], random.Random(order)).partitionBy(partitions, to_partition)
        ordered = [sorted(partition, key=lambda keyed: keyed[0]) for partition in moved.partitions]
        placed: Any = LocalRdd(ordered, moved.draw, to_partition)
        if settings.near_duplicates.action != "off":
            placed = mark_near_duplicates(placed, to_partition, settings.near_duplicates, edges_of_one_task)
        strata = None
        if settings.split.stratify != "none":
            counted = [counts for rows in placed.partitions for counts in count_rows(iter(rows), settings)]
            strata = bounds_of(sum(counted, Counter()), settings.own_split)
        written = Written()
        if settings.near_duplicates.action == "keep":
            sides = placed.mapPartitions(partial(sides_of_rows, settings=settings, strata=strata))
            written.straddling = count_straddling(sides)
        for partition, elements in enumerate(placed.partitions):
            marks, keyed = split_marks(elements)
            written.add(write_rows(partition, (row for _, row in keyed), marks, settings, destination, strata))
        return written, destination

    return run


def number_all_lines(objects: Iterable[StoredObject], chunk_bytes: int, raw: Bucket) -> list[Chunk]:
    """Plan chunks and number their lines, as the job does on Spark."""
    chunks = plan_chunks(objects, chunk_bytes)
    divided = [chunk for chunk in chunks if needs_counting(chunk)]
    return number_lines(chunks, {(chunk.stored.key, chunk.start): count_line_starts(chunk, raw) for chunk in divided})
