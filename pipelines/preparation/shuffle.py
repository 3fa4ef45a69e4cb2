"""The Spark job: lines to rows on the executors, one shuffle that brings equal texts together, rows to parts.

Near-duplicates are marked in between (`near_shuffle`). Rejected rows and tallies take the same shuffle, so that the
input is read once and a repeated task repeats its counts with its rows. Partition and order follow from the rows
alone: the parts are the same bytes on any cluster.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from pyspark import SparkContext

from pipelines.preparation.comparing import Compared, compare, marks_by_place
from pipelines.preparation.curation import Tally, curate
from pipelines.preparation.increment import Part, read_parts
from pipelines.preparation.near_shuffle import mark_key, mark_near_duplicates, split_marks
from pipelines.preparation.parts import Destination, Row, Written, write_rows
from pipelines.preparation.progress import watch
from pipelines.preparation.reading.chunks import (
    Chunk,
    cost_of_reading,
    count_line_starts,
    group,
    needs_counting,
    number_lines,
    plan_chunks,
    size_of_text,
)
from pipelines.preparation.reading.records import read_chunk
from pipelines.preparation.records import Candidate, Quarantined
from pipelines.preparation.settings import Settings
from pipelines.preparation.storage import Bucket, StoredObject
from pipelines.preparation.straddling import count_straddling, sides_of
from pipelines.preparation.stratify import Counts, Strata, added, bounds_of, count_positions

RowKey = tuple[int, str, str, int]

_MIB = 1024 * 1024
_SMALLEST_CHUNK, _LARGEST_CHUNK = _MIB, 64 * _MIB
_PART_BYTES = 32 * _MIB
_MOST_SMALL_PARTS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """Who reads what.

    Attributes:
        chunks: the chunks of raw objects, by task.
        parts: the parts of the run that is added to, by task.
        counted_lines: number of lines in the files that are divided among tasks.
    """

    chunks: list[list[Chunk]]
    parts: list[list[Part]]
    counted_lines: int

    @property
    def size(self) -> int:
        """About how many bytes of text there are."""
        raw = sum(size_of_text(chunk) for chunks in self.chunks for chunk in chunks)
        return raw + sum(part.size for parts in self.parts for part in parts)


def plan_reading(spark: SparkContext, objects: list[StoredObject], raw: Bucket, parts: Iterable[Part]) -> Plan:
    """Divide objects, and parts of the run that is added to, among tasks, and count the lines of divided files."""
    total = sum(cost_of_reading(chunk) for chunk in plan_chunks(objects, _LARGEST_CHUNK))
    target = min(max(total // (3 * spark.defaultParallelism), _SMALLEST_CHUNK), _LARGEST_CHUNK)
    chunks = plan_chunks(objects, target)
    counts: dict[tuple[str, int], int] = {}
    if divided := [chunk for chunk in chunks if needs_counting(chunk)]:
        with watch(spark, "count_lines"):
            counts = dict(spark.parallelize(divided, len(divided)).map(partial(_count, raw=raw)).collect())
    numbered = number_lines(chunks, counts)
    return Plan(
        group(((chunk, cost_of_reading(chunk)) for chunk in numbered), target),
        group(((part, part.size) for part in parts), target),
        sum(counts.values()),
    )


def curate_and_write(
    spark: SparkContext, plan: Plan, raw: Bucket, settings: Settings, destination: Destination
) -> Written:
    """Read, curate, compare and write everything; return the sum of what the partitions wrote."""
    partitions = count_parts(plan.size)
    rows = spark.parallelize(plan.chunks, max(len(plan.chunks), 1)).flatMap(
        partial(curate_chunks, raw=raw, settings=settings)
    )
    if plan.parts:
        carry = partial(carry_over, curated=destination.curated, settings=settings)
        rows = rows.union(spark.parallelize(plan.parts, len(plan.parts)).flatMap(carry))
    to_partition = partial(place, partitions=partitions)
    # PySpark's stubs ask for a key function that its default covers.
    placed = rows.repartitionAndSortWithinPartitions(partitions, to_partition)  # type: ignore[call-overload]
    if settings.near_duplicates.action != "off":
        with watch(spark, "curate"):
            placed = mark_near_duplicates(placed, to_partition, settings.near_duplicates)
    strata = None
    if settings.split.stratify != "none":
        with watch(spark, "stratify"):
            counts = placed.mapPartitions(partial(count_rows, settings=settings)).treeReduce(
                partial(added, split=settings.own_split)
            )
            strata = bounds_of(counts, settings.own_split)
    straddling = 0
    if settings.near_duplicates.action == "keep":
        with watch(spark, "prove_split"):
            sides = placed.mapPartitions(partial(sides_of_rows, settings=settings, strata=strata))
            straddling = count_straddling(sides)
    with watch(spark, "write"):
        write = partial(_write, settings=settings, destination=destination, strata=strata)
        # Added up on the executors as well: a profile has some 30 kB, and partitions may be thousands.
        written: Written = placed.mapPartitionsWithIndex(write).treeReduce(_summed)
    written.straddling += straddling
    return written


def count_parts(size: int) -> int:
    """Number of partitions to write, by the size of the input alone, so that it is the same on any cluster."""
    return max(-(-size // _PART_BYTES), min(-(-size // _MIB), _MOST_SMALL_PARTS), 1)


def curate_chunks(chunks: Iterable[Chunk], raw: Bucket, settings: Settings) -> Iterator[tuple[RowKey, Row]]:
    """Yield a keyed row for each line of some chunks, and at the end the tally of what happened to them."""
    tally = Tally()
    for chunk in chunks:
        for line in read_chunk(chunk, raw, settings.max_record_bytes, settings.schema):
            yield keyed(curate(line, settings, tally))
    yield keyed(tally)


def carry_over(parts: Iterable[Part], curated: Bucket, settings: Settings) -> Iterator[tuple[RowKey, Row]]:
    """Yield a keyed row for each record of some parts of the run that is added to, and at the end their tally."""
    tally = Tally()
    for record in read_parts(parts, curated, settings):
        tally.carry_over()
        yield keyed(record)
    yield keyed(tally)


def keyed(row: Row) -> tuple[RowKey, Row]:
    """Give a row the key that it is placed and sorted by: of equal texts by origin, age, file and line."""
    if isinstance(row, Candidate):
        rank = row.origin + ("0" if row.carried_over else "1")
        return (0, row.digest, rank + row.line.key, row.line.number), row
    if isinstance(row, Quarantined):
        return (1, row.reason, row.line_key, row.line_number), row
    return (2, "", "", 0), row


def place(key: RowKey, partitions: int) -> int:
    """Return the partition of a key: equal texts share one, quarantine records are spread by file and line."""
    kind, name, line_key, line_number = key
    if kind == mark_key(0)[0]:
        return line_number
    spread = int(name[:8], 16) if kind == 0 else zlib.crc32(f"{line_key}\n{line_number}".encode())
    return spread * partitions >> 32


def _count(chunk: Chunk, raw: Bucket) -> tuple[tuple[str, int], int]:
    return (chunk.stored.key, chunk.start), count_line_starts(chunk, raw)


def count_rows(rows: Iterable[tuple[RowKey, Any]], settings: Settings) -> Iterator[Counts]:
    """Yield where a partition's records stand, by stratum."""
    yield count_positions(_compared(rows, settings), settings)


def sides_of_rows(
    rows: Iterable[tuple[RowKey, Any]], settings: Settings, strata: Strata | None
) -> Iterator[tuple[str, int]]:
    """Yield on which side a partition's records stand that have near-duplicates; see `straddling`."""
    return sides_of(_compared(rows, settings), settings, strata)


def _compared(rows: Iterable[tuple[RowKey, Any]], settings: Settings) -> Iterator[Compared]:
    marks, rows = split_marks(rows)
    candidates = (row for _, row in rows if isinstance(row, Candidate))
    return compare(candidates, marks_by_place(marks), settings.near_duplicates.action)


def _summed(one: Written, other: Written) -> Written:
    one.add(other)
    return one


def _write(
    partition: int,
    rows: Iterable[tuple[RowKey, Any]],
    settings: Settings,
    destination: Destination,
    strata: Strata | None,
) -> Iterator[Written]:
    marks, rows = split_marks(rows)
    yield write_rows(partition, (row for _, row in rows), marks, settings, destination, strata)
