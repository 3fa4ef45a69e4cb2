"""Sets of shingles, and how like each other they are: exactly, by counting what they have in common."""

import numpy as np
from numpy.typing import NDArray

from pipelines.preparation.near.components import Index
from pipelines.preparation.near.shingles import Shingles, mix

_PROBES = 1 << 22
"""Shingles that are looked up at a time, to bound memory."""


class SetIndex:
    """Sets of shingles, any two of which can be compared."""

    def __init__(self, shingles: Shingles) -> None:
        self.sizes = shingles.counts
        self._offsets = shingles.offsets
        _, self._names = np.unique(shingles.hashes, return_inverse=True)
        self._width = int(self._names.max(initial=0)) + 1
        # Sorted, since the names of a set's shingles are in the order of their hashes.
        self._entries = np.repeat(np.arange(len(self.sizes)), self.sizes) * self._width + self._names

    def names(self, members: Index) -> tuple[Index, Index]:
        """Return the shingles of some sets, one set behind the other, and where each set ends."""
        sizes = self.sizes[members]
        ends = np.cumsum(sizes)
        place = np.arange(sizes.sum()) - np.repeat(ends - sizes, sizes)
        return self._names[np.repeat(self._offsets[members], sizes) + place], ends

    def first_of_equals(self) -> Index:
        """Return for each set the first one that is equal to it."""
        if not len(self.sizes):
            return np.zeros(0, np.int64)
        sums = np.add.reduceat(mix(self._names.astype(np.uint64)), self._offsets[:-1])
        order = np.lexsort((sums, self.sizes))
        begins = np.ones(len(order), bool)
        begins[1:] = (sums[order[1:]] != sums[order[:-1]]) | (self.sizes[order[1:]] != self.sizes[order[:-1]])
        first = np.empty(len(order), np.int64)
        first[order] = np.repeat(order[begins], np.diff(np.flatnonzero(np.append(begins, True))))
        # Two sets whose sums are the same by chance are not equal.
        return np.where(self.jaccard(first, np.arange(len(first))) == 1, first, np.arange(len(first)))

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
        probes, ends = self.names(smaller)
        begins = ends - sizes
        sought = np.repeat(larger, sizes) * self._width + probes
        found = np.searchsorted(self._entries, sought)
        found[found == len(self._entries)] = 0
        shared = np.add.reduceat(self._entries[found] == sought, begins, dtype=np.int64)
        return np.asarray(shared / (sizes + self.sizes[larger] - shared))

    def similar(self, left: Index, right: Index, threshold: float) -> NDArray[np.bool_]:
        """Whether each pair reaches a similarity; most that do not are told by their sizes alone."""
        sizes = self.sizes[left], self.sizes[right]
        possible = np.minimum(*sizes) / np.maximum(*sizes) >= threshold
        answer = np.zeros(len(left), bool)
        answer[possible] = self.jaccard(left[possible], right[possible]) >= threshold
        return answer


class Crowd:
    """Some sets among which one at a time is compared with all: a shingle is looked up once for all that have it."""

    def __init__(self, sets: SetIndex, members: Index) -> None:
        self._sizes = sets.sizes[members]
        names, self._ends = sets.names(members)
        different, self._names = np.unique(names, return_inverse=True)
        order = np.argsort(self._names, kind="stable")
        self._holders = np.repeat(np.arange(len(members)), self._sizes)[order]
        self._begins = np.searchsorted(self._names[order], np.arange(len(different) + 1))

    def jaccard(self, place: int) -> NDArray[np.float64]:
        """Return the exact Jaccard similarity of one set to each."""
        end, size = self._ends[place], self._sizes[place]
        held = [self._holders[self._begins[n] : self._begins[n + 1]] for n in self._names[end - size : end]]
        shared = np.bincount(np.concatenate(held), minlength=len(self._sizes))
        return np.asarray(shared / (size + self._sizes - shared))
