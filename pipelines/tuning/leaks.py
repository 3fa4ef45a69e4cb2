"""Test records that the train split has too, the same or nearly so: a model that has seen them proves nothing.

Texts are compared as preparation compares them, by their word shingles and exactly (`pipelines.preparation.near`), so
that what it keeps apart is told apart here. Train is read block by block: only the test records are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from pipelines.preparation.near.shingles import Shingles, shingles
from pipelines.tuning.container import TuningError
from pipelines.tuning.curated import Curated

_BLOCK = 512


@dataclass(frozen=True)
class Leak:
    """A test record, and the first record of train that is like it; `similarity` is Jaccard's, 1 for the same words."""

    test: Curated
    train: Curated
    similarity: float

    @property
    def words(self) -> str:
        how = "the same" if self.similarity == 1 else f"{100 * self.similarity:.0f} % alike"
        return f"{self.test.record_id} ({self.test.place}) and {self.train.record_id} (train {self.train.place}), {how}"


@dataclass
class Found:
    """What a search came to: how many train records were read, and a leak for each test record that has one."""

    train_records: int = 0
    leaks: list[Leak] = field(default_factory=list)


def find(
    test: Sequence[Curated], train: Iterable[Curated], beginning: str, similarity: float, shingle_words: int
) -> Found:
    """Look for each test record in train.

    Args:
        test: the records to look for.
        train: all records of the train split.
        beginning: what stands before all texts and says nothing about them.
        similarity: the least Jaccard similarity that makes a leak.
        shingle_words: words in a row that are compared.

    Raises:
        TuningError: there is no train record, so that nothing can be said.
    """
    index = _Index(_sets(test, beginning, shingle_words))
    best: dict[int, Leak] = {}
    ids = {record.record_id: place for place, record in enumerate(test)}
    found = Found()
    for block in _blocks(train):
        found.train_records += len(block)
        pairs = [(ids[record.record_id], at, 1.0) for at, record in enumerate(block) if record.record_id in ids]
        pairs += index.pairs(_sets(block, beginning, shingle_words), similarity)
        for place, at, alike in pairs:
            if place not in best or alike > best[place].similarity:
                best[place] = Leak(test[place], block[at], alike)
    if not found.train_records:
        raise TuningError(
            "Channel 'train' holds no record, so that it cannot be told whether test records were trained on. Check "
            "the parameter TrainData."
        )
    found.leaks = [best[place] for place in sorted(best)]
    return found


def _sets(records: Sequence[Curated], beginning: str, shingle_words: int) -> Shingles:
    return shingles([record.text.removeprefix(beginning) for record in records], shingle_words).distinct()


def _blocks(records: Iterable[Curated]) -> Iterator[list[Curated]]:
    rest = iter(records)
    while block := list(islice(rest, _BLOCK)):
        yield block


class _Index:
    """The test records' shingles, each with who has it."""

    def __init__(self, sets: Shingles) -> None:
        order = np.argsort(sets.hashes, kind="stable")
        self._hashes = sets.hashes[order]
        self._owners = np.repeat(np.arange(len(sets.counts)), sets.counts)[order]
        self._sizes = sets.counts

    def pairs(self, block: Shingles, similarity: float) -> list[tuple[int, int, float]]:
        """Give (test place, place in the block, similarity) of all that are alike enough."""
        begins = np.searchsorted(self._hashes, block.hashes, "left")
        counts = np.searchsorted(self._hashes, block.hashes, "right") - begins
        total = int(counts.sum())
        if not total:
            return []
        ends = np.cumsum(counts)
        at = np.repeat(begins - (ends - counts), counts) + np.arange(total)
        owner = np.repeat(np.repeat(np.arange(len(block.counts)), block.counts), counts)
        codes, shared = np.unique(owner * len(self._sizes) + self._owners[at], return_counts=True)
        places, block_places = codes % len(self._sizes), codes // len(self._sizes)
        alike = shared / (self._sizes[places] + block.counts[block_places] - shared)
        chosen = alike >= similarity
        return [
            (int(place), int(at_block), float(value))
            for place, at_block, value in zip(places[chosen], block_places[chosen], alike[chosen], strict=True)
        ]
