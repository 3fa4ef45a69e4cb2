"""Proof that near-duplicates do not straddle the splits: the sides of each cluster, counted from the records that stay.

Two records of an earlier run may hang together only by a new one, which is then refused: whatever the new run keeps
stands where all that is like it stands. So a cluster straddles where a record that is new has company on another side.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pipelines.preparation.comparing import Compared
from pipelines.preparation.records import NEW
from pipelines.preparation.settings import Settings
from pipelines.preparation.stratify import Strata, split_of

if TYPE_CHECKING:
    from pyspark import RDD

_SIDES = {"train": 1, "validation": 2, "test": 4}
_NEW = 8


def sides_of(compared: Iterable[Compared], settings: Settings, strata: Strata | None) -> Iterator[tuple[str, int]]:
    """Yield (cluster, a bit for the side and one for what is new) for each record that stays and has near-duplicates.

    Args:
        compared: the records of a partition.
        settings: the job's settings.
        strata: where the sides of each stratum end, if the split is stratified.
    """
    for one in compared:
        if one.refusal is None and one.mark is not None:
            new = _NEW if one.record.origin == NEW else 0
            yield one.mark.representative, _SIDES[split_of(one, settings, strata)] | new


def has_company(one: Compared, action: str) -> bool:
    """Whether a new record that stays is not the only one of its cluster, where near-duplicates are to be dropped.

    Where they are, none stays beside another, and no cluster can straddle: so nothing has to be gathered to prove it.
    """
    return action == "drop" and one.record.origin == NEW and one.mark is not None and not one.stands_for_others


def count_straddling(sides: "RDD[tuple[str, int]]") -> int:
    """Return the number of clusters with a new record that has company on another side."""
    gathered = sides.partitionBy(sides.getNumPartitions(), _place)
    return int(gathered.mapPartitions(_straddling).sum())


def _place(cluster: str) -> int:
    return int(cluster[:8], 16)


def _straddling(sides: Iterable[tuple[str, int]]) -> Iterator[int]:
    found: Counter[str] = Counter()
    for cluster, bits in sides:
        found[cluster] |= bits
    yield sum(bits & _NEW > 0 and (bits & ~_NEW).bit_count() > 1 for bits in found.values())
