"""What each task of the search for near-duplicates does, from rows to marks; Spark moves the blocks between them.

A text is a node: the number of its partition, and behind it its place among the partition's different texts.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.preparation.errors import TooManySuspects
from pipelines.preparation.near.clusters import cluster, represent
from pipelines.preparation.near.components import Index
from pipelines.preparation.near.graph import Edges, contract, gather, scatter
from pipelines.preparation.near.minhash import Bands, bands_of
from pipelines.preparation.near.sets import SetIndex
from pipelines.preparation.near.shingles import Hashes, Shingles, shingles

MOST_SUSPECTS = 2_000_000
"""Texts that one task compares, in about 4 GB where they have some sixty words."""
_PLACES = 32
_BATCH_CHARACTERS, _BATCH_TEXTS = 1 << 20, 4096


class Text(NamedTuple):
    """What the search needs of a record.

    `origin` sorts before those of the records that give way to it; `source` is the file and line, in words.
    """

    text: str
    record_id: str
    split: str
    origin: str
    source: str


class Banded(NamedTuple):
    """Band hashes, each with the node that has it."""

    hashes: Hashes
    node: Index


class Suspects(NamedTuple):
    """Texts that may be near-duplicates of others: all of a component are in one task's blocks.

    Attributes:
        node: of each text, its node.
        record_id: its record id, as bytes, like the next three.
        split: its split.
        origin: where it comes from.
        source: its file and line.
        bands: its band hashes, [texts, bands].
        shingles: its set of shingles.
    """

    node: Index
    record_id: NDArray[np.bytes_]
    split: NDArray[np.bytes_]
    origin: NDArray[np.bytes_]
    source: NDArray[np.bytes_]
    bands: Hashes
    shingles: Shingles


class Marks(NamedTuple):
    """What was found about texts of one partition, by their places in it; arrays of the same length.

    Attributes:
        place: the text's place among its partition's different texts.
        representative: record id of the text that stands for its cluster.
        split: split of the representative.
        origin: where the representative comes from.
        source: file and line of the representative.
        size: number of texts in the cluster.
        similarity: Jaccard similarity to the representative.
    """

    place: Index
    representative: NDArray[np.bytes_]
    split: NDArray[np.bytes_]
    origin: NDArray[np.bytes_]
    source: NDArray[np.bytes_]
    size: Index
    similarity: NDArray[np.float64]


def band_blocks(
    partition: int, texts: Iterable[Text], words: int, bands: Bands, tasks: int
) -> Iterator[tuple[int, Banded]]:
    """Yield the band hashes of a partition's texts, by the task that is to compare them."""
    for begin, batch in _batches(enumerate(texts)):
        found = shingles([text.text for _, text in batch], words)
        places = np.flatnonzero(found.counts)
        hashes = bands_of(_chosen(found, places), bands).ravel()
        node = np.repeat((partition << _PLACES) + begin + places, bands.bands)
        for task, chosen in scatter(hashes.astype(np.int64), tasks):
            yield task, Banded(hashes[chosen], node[chosen])


def suspected(blocks: Iterable[Banded]) -> Edges:
    """Connect the texts that share a band."""
    kept = list(blocks)
    if not kept:
        return gather([])
    hashes, node = (np.concatenate(column) for column in zip(*kept, strict=True))
    order = np.argsort(hashes, kind="stable")
    hashes, node = hashes[order], node[order]
    same = hashes[1:] == hashes[:-1]
    return contract(Edges(node[1:][same], node[:-1][same]))


def label_blocks(edges: Edges) -> Iterator[tuple[int, Edges]]:
    """Yield (partition, its nodes with the component of each) for nodes that are connected with the least of theirs."""
    roots = np.unique(edges.other)
    node, component = np.concatenate((edges.node, roots)), np.concatenate((edges.other, roots))
    partition = node >> _PLACES
    for number in np.unique(partition):
        inside = partition == number
        yield int(number), Edges(node[inside] & ((1 << _PLACES) - 1), component[inside])


def suspect_blocks(
    partition: int, texts: Iterable[Text], labels: Iterable[Edges], words: int, bands: Bands, tasks: int
) -> Iterator[tuple[int, Suspects]]:
    """Yield those of a partition's texts that share a band with another one, by the task that has its component."""
    labelled = gather(labels)
    component_of = dict(zip(labelled.node.tolist(), labelled.other.tolist(), strict=True))
    chosen = ((place, text) for place, text in enumerate(texts) if place in component_of)
    for _, batch in _batches(chosen):
        node = (partition << _PLACES) + np.array([place for place, _ in batch], np.int64)
        component = np.array([component_of[place] for place, _ in batch], np.int64)
        found = shingles([text.text for _, text in batch], words)
        hashes, sets = bands_of(found, bands), found.distinct()
        _, *named = zip(*(text for _, text in batch), strict=True)  # in the order in which Suspects has them
        columns = [np.array([name.encode() for name in column]) for column in named]
        for task, places in scatter(component, tasks):
            record_id, split, origin, source = (column[places] for column in columns)
            yield (
                task,
                Suspects(node[places], record_id, split, origin, source, hashes[places], _chosen(sets, places)),
            )


def mark_blocks(blocks: Iterable[Suspects], similarity: float) -> Iterator[tuple[int, Marks]]:
    """Yield (partition, marks) for the texts that are in a cluster of two or more."""
    kept = list(blocks)
    if not kept:
        return
    if (count := sum(len(block.node) for block in kept)) > MOST_SUSPECTS:
        raise TooManySuspects(
            f"{count:,} texts hang together by the shingles that they share, and a task compares {MOST_SUSPECTS:,}. "
            "Take what they have in common, such as a page's header, out of them, raise "
            "data.near_duplicates.similarity, or set data.near_duplicates.action to off."
        )
    suspects = _joined(kept)
    sets = SetIndex(suspects.shingles)
    label = cluster(sets, suspects.bands, similarity)
    rank = np.empty(len(label), np.int64)
    rank[np.lexsort((-sets.sizes, suspects.origin))] = np.arange(len(label))
    found = represent(sets, label, rank)
    node = suspects.node[found.member]
    for number in np.unique(node >> _PLACES):
        inside = node >> _PLACES == number
        representative = found.representative[inside]
        yield (
            int(number),
            Marks(
                node[inside] & ((1 << _PLACES) - 1),
                suspects.record_id[representative],
                suspects.split[representative],
                suspects.origin[representative],
                suspects.source[representative],
                found.size[inside],
                found.similarity[inside],
            ),
        )


def _joined(blocks: Sequence[Suspects]) -> Suspects:
    """Put blocks together in the order of the record ids: that of the blocks is Spark's, and changes."""
    node, record_id, split, origin, source, bands, found = zip(*blocks, strict=True)
    counts = np.concatenate([part.counts for part in found])
    together = Shingles(np.concatenate([part.hashes for part in found]), np.append(0, np.cumsum(counts)))
    names = np.concatenate(record_id)
    order = np.argsort(names)
    return Suspects(
        np.concatenate(node)[order],
        names[order],
        np.concatenate(split)[order],
        np.concatenate(origin)[order],
        np.concatenate(source)[order],
        np.concatenate(bands)[order],
        _chosen(together, order),
    )


def _chosen(found: Shingles, places: Index) -> Shingles:
    """Return the shingles of some of the texts."""
    counts = found.counts[places]
    ends = np.cumsum(counts)
    index = np.arange(counts.sum()) + np.repeat(found.offsets[places] - (ends - counts), counts)
    return Shingles(found.hashes[index], np.append(0, ends))


def _batches(texts: Iterable[tuple[int, Text]]) -> Iterator[tuple[int, list[tuple[int, Text]]]]:
    """Yield (place of the first, texts with their places): about as many as an array operation is worth its while."""
    batch: list[tuple[int, Text]] = []
    characters = 0
    for numbered in texts:
        batch.append(numbered)
        characters += len(numbered[1].text)
        if characters >= _BATCH_CHARACTERS or len(batch) == _BATCH_TEXTS:
            yield batch[0][0], batch
            batch, characters = [], 0
    if batch:
        yield batch[0][0], batch
