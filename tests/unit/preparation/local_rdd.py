"""Spark's RDD as far as the search for near-duplicates uses it, in plain Python; what is moved comes in any order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Partitions = list[list[Any]]


@dataclass(frozen=True)
class LocalRdd:
    """Partitions in memory.

    Attributes:
        partitions: the elements of each partition.
        draw: shuffles what a shuffle brings together, as a network does.
        place: the function that the elements are partitioned by, if any.
    """

    partitions: Partitions
    draw: random.Random
    place: Callable[[Any], int] | None = None

    def getNumPartitions(self) -> int:  # noqa: N802  (Spark's names)
        return len(self.partitions)

    def persist(self, _level: Any) -> LocalRdd:
        return self

    def unpersist(self) -> LocalRdd:
        return self

    def mapPartitionsWithIndex(self, work: Callable[[int, Iterable[Any]], Iterable[Any]]) -> LocalRdd:  # noqa: N802
        made = [list(work(number, iter(partition))) for number, partition in enumerate(self.partitions)]
        return LocalRdd(made, self.draw)

    def mapPartitions(self, work: Callable[[Iterable[Any]], Iterable[Any]]) -> LocalRdd:  # noqa: N802
        return self.mapPartitionsWithIndex(lambda _, elements: work(elements))

    def map(self, work: Callable[[Any], Any]) -> LocalRdd:
        return self.mapPartitions(lambda elements: map(work, elements))

    def flatMap(self, work: Callable[[Any], Iterable[Any]]) -> LocalRdd:  # noqa: N802
        return self.mapPartitions(lambda elements: (made for element in elements for made in work(element)))

    def sum(self) -> Any:
        return sum(element for partition in self.partitions for element in partition)

    def partitionBy(self, count: int, place: Callable[[Any], int] = hash) -> LocalRdd:  # noqa: N802
        made: Partitions = [[] for _ in range(count)]
        for partition in self.partitions:
            for keyed in partition:
                made[place(keyed[0]) % count].append(keyed)
        for partition in made:
            self.draw.shuffle(partition)
        return LocalRdd(made, self.draw, place)

    def union(self, other: LocalRdd) -> LocalRdd:
        if self.place is None or self.place is not other.place:
            return LocalRdd(self.partitions + other.partitions, self.draw)
        pairs = zip(self.partitions, other.partitions, strict=True)
        return LocalRdd([[*one, *another] for one, another in pairs], self.draw, self.place)
