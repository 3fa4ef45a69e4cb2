"""What is found about the texts of one component: the clusters in it, and what each text is to the one that stands for
its cluster."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.preparation.errors import TooManySuspects
from pipelines.preparation.near.clusters import Clustered, cluster, represent
from pipelines.preparation.near.components import Index
from pipelines.preparation.near.sets import SetIndex
from pipelines.preparation.near.shingles import Shingles
from pipelines.preparation.near.stages import PLACES, Suspects
from pipelines.preparation.records import NEW

MOST_SUSPECTS = 2_000_000
"""Texts that one task compares, in about 4 GB where they have some sixty words."""
MOST_SHINGLES = 60 * MOST_SUSPECTS
"""Shingles of the texts that one task compares."""


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
        divided: whether some of the cluster, of an earlier run, stand on another side than the representative.
    """

    place: Index
    representative: NDArray[np.bytes_]
    split: NDArray[np.bytes_]
    origin: NDArray[np.bytes_]
    source: NDArray[np.bytes_]
    size: Index
    similarity: NDArray[np.float64]
    divided: NDArray[np.bool_]


def mark_blocks(blocks: Iterable[Suspects], similarity: float) -> Iterator[tuple[int, Marks]]:
    """Yield (partition, marks) for the texts that are in a cluster of two or more."""
    kept = _bounded(blocks)
    if not kept:
        return
    suspects = _joined(kept)
    sets = SetIndex(suspects.shingles)
    label = cluster(sets, suspects.bands, similarity)
    rank = np.empty(len(label), np.int64)
    rank[np.lexsort((-sets.sizes, suspects.origin))] = np.arange(len(label))
    found = represent(sets, label, rank)
    divided = _divided(suspects, found)
    node = suspects.node[found.member]
    for number in np.unique(node >> PLACES):
        inside = node >> PLACES == number
        representative = found.representative[inside]
        yield (
            int(number),
            Marks(
                node[inside] & ((1 << PLACES) - 1),
                suspects.record_id[representative],
                suspects.split[representative],
                suspects.origin[representative],
                suspects.source[representative],
                found.size[inside],
                found.similarity[inside],
                divided[inside],
            ),
        )


def _bounded(blocks: Iterable[Suspects]) -> list[Suspects]:
    """Return the blocks; raises `TooManySuspects` as soon as they are more than a task can hold."""
    kept, texts, found = [], 0, 0
    for block in blocks:
        kept.append(block)
        texts, found = texts + len(block.node), found + len(block.shingles.hashes)
        if texts > MOST_SUSPECTS or found > MOST_SHINGLES:
            raise TooManySuspects(
                f"More than {MOST_SUSPECTS:,} texts, or {MOST_SHINGLES:,} shingles, hang together by shingles that "
                "they share: too many for a task to compare. Take out what they share, such as a page's header, "
                "raise data.near_duplicates.similarity, or set data.near_duplicates.action to off."
            )
    return kept


def _divided(suspects: Suspects, found: Clustered) -> NDArray[np.bool_]:
    """Of each member, whether one of its cluster that is not new stands on another side than the representative."""
    stays = suspects.origin[found.member] != NEW.encode()
    elsewhere = suspects.split[found.member] != suspects.split[found.representative]
    return np.isin(found.representative, found.representative[stays & elsewhere])


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
        together.take(order),
    )
