"""Clusters of near-duplicates among texts that may be: pairs that share a band, kept where their Jaccard holds."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.preparation.near.components import Index, components
from pipelines.preparation.near.sets import Crowd, SetIndex
from pipelines.preparation.near.shingles import Hashes

_LISTED = 32
"""Largest bucket whose pairs are listed; in a larger one, members already in one cluster are not compared again."""
_CROWD = 20_000
"""Largest bucket in which everybody is compared; in a larger one, each cluster by its first text alone."""

Pairs = tuple[Index, Index]


def cluster(sets: SetIndex, bands: Hashes, threshold: float) -> Index:
    """Return for each text the least index of its cluster; texts that are like no other are alone in theirs.

    Args:
        sets: the shingles of the texts; none is empty.
        bands: the band hashes, [texts, bands].
        threshold: the least Jaccard similarity of near-duplicates.
    """
    first = sets.first_of_equals()
    different = np.flatnonzero(first == np.arange(len(first)))
    clusters = _Clusters(sets, different, threshold)
    for column in bands[different].T:
        clusters.join_bucketed(column)
    label: Index = different[clusters.label][np.searchsorted(different, first)]
    return label


class _Clusters:
    """Clusters of different sets as they grow, band by band; a set is named by its place in `members`."""

    def __init__(self, sets: SetIndex, members: Index, threshold: float) -> None:
        self._sets, self._members, self._threshold = sets, members, threshold
        self._compared = np.zeros(0, np.int64)
        # Of each set, the last large bucket in which it was compared with all others.
        self._crowd, self._crowds = np.zeros(len(members), np.int64), 0
        self.label: Index = np.arange(len(members), dtype=np.int64)

    def join_bucketed(self, column: Hashes) -> None:
        """Compare the sets that share a value of a band, and join those that are similar."""
        order = np.argsort(column, kind="stable")
        edges = np.flatnonzero(np.diff(column[order], prepend=~column[order[:1]], append=~column[order[-1:]]))
        self._join_listed(np.unique(_listed_pairs(order, edges)))
        for begin, end in pairwise(edges):
            if end - begin > _LISTED:
                self._join_crowd(np.sort(order[begin:end]))

    def _join_listed(self, codes: Index) -> None:
        count = len(self.label)
        codes = codes[self.label[codes // count] != self.label[codes % count]]
        codes = codes[~np.isin(codes, self._compared, assume_unique=True)]
        self._compared = np.concatenate((self._compared, codes))
        left, right = codes // count, codes % count
        similar = self._similar(left, right)
        self._merge(self.label[left[similar]], self.label[right[similar]])

    def _join_crowd(self, bucket: Index) -> None:
        """Compare each set of a large bucket with those behind it that are not in its cluster yet.

        In a very large one, what has found its cluster is not compared with the others any more.
        """
        if self._crowd[bucket[0]] and (self._crowd[bucket] == self._crowd[bucket[0]]).all():
            return  # they have met before, in another band
        crowd = Crowd(self._sets, self._members[bucket])
        joined, seen, in_full = self.label[bucket], set[int](), len(bucket) <= _CROWD
        for place in range(len(bucket)):
            if not in_full and int(joined[place]) in seen:
                continue
            seen.add(int(joined[place]))
            apart = joined[place + 1 :] != joined[place]
            if not apart.any():
                break
            similar = place + 1 + np.flatnonzero(apart & (crowd.jaccard(place)[place + 1 :] >= self._threshold))
            joined[np.isin(joined, joined[similar])] = joined[place]
        if in_full:
            self._crowds += 1
            self._crowd[bucket] = self._crowds
        self._merge(self.label[bucket], joined)

    def _similar(self, left: Index, right: Index) -> NDArray[np.bool_]:
        return self._sets.similar(self._members[left], self._members[right], self._threshold)

    def _merge(self, left: Index, right: Index) -> None:
        self.label = components(left, right, len(self.label))[self.label]


def _listed_pairs(order: Index, edges: Index) -> Index:
    """Return every pair within the buckets that are small, as lesser × count + greater."""
    sizes = np.diff(edges)
    bucket = np.repeat(np.arange(len(sizes)), sizes)
    small = np.repeat(sizes <= _LISTED, sizes)
    chosen = order[small], bucket[small]
    return np.concatenate([np.zeros(0, np.int64), *_by_distance(*chosen, len(order))])


def _by_distance(order: Index, bucket: Index, count: int) -> Iterator[Index]:
    for distance in range(1, _LISTED):
        together = bucket[distance:] == bucket[:-distance]
        if not together.any():
            return
        one, other = order[:-distance][together], order[distance:][together]
        yield np.minimum(one, other) * count + np.maximum(one, other)


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
