"""What each task of the search for near-duplicates does, from rows to marks; Spark moves the blocks between them.

A text is a node: the number of its partition, and behind it its place among the partition's different texts.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.preparation.near.components import Index
from pipelines.preparation.near.graph import Edges, contract, gather, scatter
from pipelines.preparation.near.minhash import Bands, bands_of
from pipelines.preparation.near.shingles import Hashes, Shingles, shingles

PLACES = 32
"""A node has its partition's number above so many bits, and its place below."""
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


def band_blocks(
    partition: int, texts: Iterable[Text], words: int, bands: Bands, tasks: int
) -> Iterator[tuple[int, Banded]]:
    """Yield the band hashes of a partition's texts, by the task that is to compare them."""
    for begin, batch in _batches(enumerate(texts)):
        found = shingles([text.text for _, text in batch], words)
        places = np.flatnonzero(found.counts)
        hashes = bands_of(found.take(places), bands).ravel()
        node = np.repeat((partition << PLACES) + begin + places, bands.bands)
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
    partition = node >> PLACES
    for number in np.unique(partition):
        inside = partition == number
        yield int(number), Edges(node[inside] & ((1 << PLACES) - 1), component[inside])


def suspect_blocks(
    partition: int, texts: Iterable[Text], labels: Iterable[Edges], words: int, bands: Bands, tasks: int
) -> Iterator[tuple[int, Suspects]]:
    """Yield those of a partition's texts that share a band with another one, by the task that has its component."""
    labelled = gather(labels)
    component_of = dict(zip(labelled.node.tolist(), labelled.other.tolist(), strict=True))
    chosen = ((place, text) for place, text in enumerate(texts) if place in component_of)
    for _, batch in _batches(chosen):
        node = (partition << PLACES) + np.array([place for place, _ in batch], np.int64)
        component = np.array([component_of[place] for place, _ in batch], np.int64)
        found = shingles([text.text for _, text in batch], words)
        hashes, sets = bands_of(found, bands), found.distinct()
        _, *named = zip(*(text for _, text in batch), strict=True)  # in the order in which Suspects has them
        columns = [np.array([name.encode() for name in column]) for column in named]
        for task, places in scatter(component, tasks):
            record_id, split, origin, source = (column[places] for column in columns)
            yield (
                task,
                Suspects(node[places], record_id, split, origin, source, hashes[places], sets.take(places)),
            )


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
