"""The search for near-duplicates on Spark: which blocks go where.

The rows are read three times, each time from the shuffle that brought equal texts together: for their bands, for the
shingles of the few that share one, and by whoever writes them. Everything between is arrays, by the block.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from pyspark import RDD, StorageLevel

from pipelines.preparation.near.graph import (
    Edges,
    contract,
    fingerprint,
    gather,
    large_star,
    send_both_ways,
    send_down,
    small_star,
)
from pipelines.preparation.near.marks import mark_blocks
from pipelines.preparation.near.minhash import Bands
from pipelines.preparation.near.stages import (
    Text,
    band_blocks,
    label_blocks,
    suspect_blocks,
    suspected,
)
from pipelines.preparation.records import Candidate
from pipelines.preparation.settings import NearDuplicates

EDGES_OF_ONE_TASK = 2_000_000
"""Edges that one task puts together, in about 100 MB; larger graphs go through rounds."""

_FEW_TASKS, _BANDS_OF_ONE_TASK = 4, 8

Keyed = tuple[Any, Any]
Place = Callable[[Any], int]


def mark_near_duplicates(
    rows: "RDD[Keyed]", place: Place, settings: NearDuplicates, edges_of_one_task: int = EDGES_OF_ONE_TASK
) -> "RDD[Keyed]":
    """Return the rows, each partition's after the marks of its near-duplicates.

    Args:
        rows: keyed rows, partitioned by `place` and sorted, so that of equal texts the first comes first.
        place: gives the partition of a row's key; of a key `mark_key(n)` it gives n.
        settings: what a near-duplicate is.
        edges_of_one_task: edges that one task may hold.
    """
    tasks, words = rows.getNumPartitions(), settings.shingle_words
    bands = Bands.for_similarity(settings.similarity)
    # A text has as many bands as a short text has words: they need more tasks than the texts, once there are many.
    wide = tasks if tasks <= _FEW_TASKS else tasks * math.ceil(bands.bands / _BANDS_OF_ONE_TASK)
    banded = rows.mapPartitionsWithIndex(partial(_bands, words=words, bands=bands, tasks=wide)).partitionBy(wide)
    edges = banded.mapPartitions(_suspected).persist(StorageLevel.DISK_ONLY)
    labels = _connected(edges, tasks, edges_of_one_task).flatMap(_labels).partitionBy(tasks, place)
    suspects = _beside(labels, rows).mapPartitionsWithIndex(partial(_suspects, words=words, bands=bands, tasks=tasks))
    verified = suspects.partitionBy(tasks).mapPartitions(partial(_marks, similarity=settings.similarity))
    return _beside(verified.partitionBy(tasks, place), rows)


def mark_key(partition: int) -> tuple[int, str, str, int]:
    """Return the key of what is addressed to a partition."""
    return 3, "", "", partition


def different_texts(rows: Iterable[Keyed]) -> Iterator[Text]:
    """Yield the first of each group of equal texts: the texts that are compared, in the order of their places."""
    digest = ""
    for _, row in rows:
        if isinstance(row, Candidate) and row.digest != digest:
            digest = row.digest
            yield Text(
                row.example.text, row.record_id, row.split, row.origin, f"line {row.line.number} of {row.line.key}"
            )


def _beside(blocks: "RDD[Keyed]", rows: "RDD[Keyed]") -> "RDD[Keyed]":
    """Put blocks before the rows of the partition that they are for: both are partitioned alike, so nothing moves."""
    together = blocks.union(rows)
    if together.getNumPartitions() != rows.getNumPartitions():
        raise RuntimeError("Spark has put partitions one after the other instead of side by side.")
    return together


def _connected(edges: "RDD[Edges]", tasks: int, edges_of_one_task: int) -> "RDD[Edges]":
    """Return edges from every node to the least of its component."""
    if edges.map(lambda block: len(block.node)).sum() <= edges_of_one_task:
        return edges.map(lambda block: (0, block)).partitionBy(1).mapPartitions(_contracted)
    before, kept = None, edges
    while True:
        moved = edges.flatMap(partial(send_down, tasks=tasks)).partitionBy(tasks)
        arrived = moved.mapPartitions(_gathered).persist(StorageLevel.DISK_ONLY)
        now = arrived.map(fingerprint).sum() % 2**64
        kept.unpersist()
        if now == before:
            return arrived
        before, kept = now, arrived
        hung = arrived.map(small_star).flatMap(partial(send_both_ways, tasks=tasks)).partitionBy(tasks)
        edges = hung.mapPartitions(_gathered).map(large_star)


def _bands(partition: int, rows: Iterable[Keyed], words: int, bands: Bands, tasks: int) -> Iterator[Keyed]:
    return band_blocks(partition, different_texts(rows), words, bands, tasks)


def _suspected(blocks: Iterable[Keyed]) -> Iterator[Edges]:
    yield suspected(block for _, block in blocks)


def _contracted(blocks: Iterable[Keyed]) -> Iterator[Edges]:
    yield contract(gather(block for _, block in blocks))


def _gathered(blocks: Iterable[Keyed]) -> Iterator[Edges]:
    yield gather(block for _, block in blocks)


def _labels(edges: Edges) -> Iterator[Keyed]:
    for partition, block in label_blocks(edges):
        yield mark_key(partition), block


def _suspects(partition: int, rows: Iterable[Keyed], words: int, bands: Bands, tasks: int) -> Iterator[Keyed]:
    labels, texts = split_marks(rows)
    return suspect_blocks(partition, different_texts(texts), labels, words, bands, tasks)


def _marks(blocks: Iterable[Keyed], similarity: float) -> Iterator[Keyed]:
    for partition, marks in mark_blocks((block for _, block in blocks), similarity):
        yield mark_key(partition), marks


def split_marks(rows: Iterable[Keyed]) -> tuple[list[Any], Iterator[Keyed]]:
    """Return what is addressed to the partition, which comes first, and the rows behind it."""
    rows = iter(rows)
    blocks: list[Any] = []
    for key, row in rows:
        if key[0] != mark_key(0)[0]:
            return blocks, _after((key, row), rows)
        blocks.append(row)
    return blocks, rows


def _after(first: Keyed, rest: Iterator[Keyed]) -> Iterator[Keyed]:
    yield first
    for keyed in rest:
        if keyed[0][0] == mark_key(0)[0]:
            raise RuntimeError("Spark has put a partition's marks behind its rows.")
        yield keyed
