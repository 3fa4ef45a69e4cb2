"""Clusters of near-duplicates among texts that may be: pairs that share a band, kept where their Jaccard holds."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.preparation.near.components import Index, components
from pipelines.preparation.near.shingles import Hashes, Shingles

_PAIRED_BY_NEIGHBOURS = 32
"""Largest bucket whose pairs are listed; in a larger one, members already in one cluster are not compared again."""
_PROBES = 1 << 22
"""Shingles that are looked up at a time, to bound memory."""

Pairs = tuple[Index, Index]


class SetIndex:
    """Sets of shingles, any two of which can be compared."""

    def __init__(self, shingles: Shingles) -> None:
        self.sizes = shingles.counts
        self._offsets = shingles.offsets
        _, self._names = np.unique(shingles.hashes, return_inverse=True)
        self._width = int(self._names.max(initial=0)) + 1
        # Sorted, since the names of a set's shingles are in the order of their hashes.
        self._entries = np.repeat(np.arange(len(self.sizes)), self.sizes) * self._width + self._names

    def jaccard(self, left: Index, right: Index) -> NDArray[np.float64]:
        """Return the exact Jaccard similarity of each pair of sets."""
        similar = np.zeros(len(left))
        smaller = np.where(self.sizes[left] <= self.sizes[right], left, right)
        ends = np.cumsum(self.sizes[smaller])
        begin = 0
        while begin < len(left):
            done = ends[begin - 1] if begin else 0
            end = max(int(np.searchsorted(ends, done + _PROBES, "right")), begin + 1)
            similar[begin:end] = self._jaccard(smaller[begin:end], (left + right - smaller)[begin:end])
            begin = end
        return similar

    def _jaccard(self, smaller: Index, larger: Index) -> NDArray[np.float64]:
        sizes = self.sizes[smaller]
        begins = np.cumsum(sizes) - sizes
        place = np.arange(sizes.sum()) - np.repeat(begins, sizes)
        probes = self._names[np.repeat(self._offsets[smaller], sizes) + place]
        sought = np.repeat(larger, sizes) * self._width + probes
        found = np.searchsorted(self._entries, sought)
        found[found == len(self._entries)] = 0
        shared = np.add.reduceat(self._entries[found] == sought, begins, dtype=np.int64)
        return np.asarray(shared / (sizes + self.sizes[larger] - shared))

    def similar(self, left: Index, right: Index, threshold: float) -> NDArray[np.bool_]:
        """Whether each pair reaches a similarity; most that do not are told by their sizes alone."""
        sizes = self.sizes[left], self.sizes[right]
        possible = np.minimum(*sizes) >= threshold * np.maximum(*sizes)
        answer = np.zeros(len(left), bool)
        answer[possible] = self.jaccard(left[possible], right[possible]) >= threshold
        return answer


def cluster(sets: SetIndex, bands: Hashes, threshold: float) -> Index:
    """Return for each text the least index of its cluster; texts that are like no other are alone in theirs.

    Args:
        sets: the shingles of the texts; none is empty.
        bands: the band hashes, [texts, bands].
        threshold: the least Jaccard similarity of near-duplicates.
    """
    count = len(bands)
    label: Index = np.arange(count, dtype=np.int64)
    compared = np.zeros(0, np.int64)
    for column in bands.T:
        order = np.argsort(column, kind="stable")
        edges = np.flatnonzero(np.diff(column[order], prepend=~column[order[:1]], append=~column[order[-1:]]))
        codes = np.unique(_listed_pairs(order, edges, count))
        codes = codes[label[codes // count] != label[codes % count]]
        codes = codes[~np.isin(codes, compared, assume_unique=True)]
        compared = np.concatenate((compared, codes))
        label = _join(label, sets, codes // count, codes % count, threshold)
        for begin, end in pairwise(edges):
            if end - begin > _PAIRED_BY_NEIGHBOURS:
                label = _join_crowd(label, sets, np.sort(order[begin:end]), threshold)
    return label


def _listed_pairs(order: Index, edges: Index, count: int) -> Index:
    """Return every pair within the buckets that are small, as lesser × count + greater."""
    sizes = np.diff(edges)
    bucket = np.repeat(np.arange(len(sizes)), sizes)
    small = np.repeat(sizes <= _PAIRED_BY_NEIGHBOURS, sizes)
    order, bucket = order[small], bucket[small]
    return np.concatenate([np.zeros(0, np.int64), *_by_distance(order, bucket, count)])


def _by_distance(order: Index, bucket: Index, count: int) -> Iterator[Index]:
    for distance in range(1, _PAIRED_BY_NEIGHBOURS):
        together = bucket[distance:] == bucket[:-distance]
        if not together.any():
            return
        one, other = order[:-distance][together], order[distance:][together]
        yield np.minimum(one, other) * count + np.maximum(one, other)


def _join_crowd(label: Index, sets: SetIndex, members: Index, threshold: float) -> Index:
    """Compare the members of a large bucket, each with those behind it that are not in its cluster yet."""
    joined = label[members]
    for place, member in enumerate(members):
        others = place + 1 + np.flatnonzero(joined[place + 1 :] != joined[place])
        similar = others[sets.similar(np.full(len(others), member), members[others], threshold)]
        joined[np.isin(joined, joined[similar])] = joined[place]
    return components(label[members], joined, len(label))[label]


def _join(label: Index, sets: SetIndex, left: Index, right: Index, threshold: float) -> Index:
    """Return the labels once those pairs that are similar are joined."""
    similar = sets.similar(left, right, threshold)
    if not similar.any():
        return label
    merged = components(label[left[similar]], label[right[similar]], len(label))
    return merged[label]


class Clustered(NamedTuple):
    """What became of the texts that are in clusters of two or more; arrays of the same length.

    Attributes:
        member: the text.
        representative: the text that stands for the cluster: its longest, and of equally long ones the first.
        size: how many texts the cluster has.
        similarity: Jaccard similarity of the text to its representative; below the threshold where others are between.
    """

    member: Index
    representative: Index
    size: Index
    similarity: NDArray[np.float64]


def represent(sets: SetIndex, label: Index, rank: Index) -> Clustered:
    """Choose a representative for each cluster.

    Args:
        sets: the shingles of the texts.
        label: of each text, its cluster.
        rank: of each text, its place in an order of preference that all share; the least is chosen.
    """
    sizes = np.bincount(label, minlength=len(label))
    member = np.flatnonzero(sizes[label] > 1)
    by_preference = member[np.lexsort((rank[member], label[member]))]
    first = np.ones(len(by_preference), bool)
    first[1:] = label[by_preference[1:]] != label[by_preference[:-1]]
    chosen = np.full(len(label), -1, np.int64)
    chosen[label[by_preference[first]]] = by_preference[first]
    representative = chosen[label[member]]
    return Clustered(member, representative, sizes[label[member]], sets.jaccard(member, representative))
