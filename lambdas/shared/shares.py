"""Shares of a split that hold enough, found by dividing the very records again: their places are known.

A record's side follows from its place in [0, 1) and from nothing else. `test` lies below its share, `validation` from
there on, so a larger share for one of them may take records from the other, or move it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MOST_HELD_OUT = 0.5
PLACES = 100
BINS = 1024
_EXACTLY = 1e-9


@dataclass(frozen=True)
class Divided:
    """What is known of records that were divided.

    Attributes:
        needed: how many each side needs, also one that holds enough.
        places: how many stand in each hundredth of the way; empty where that is not known of all.
        strata: how many strata divide them; 0 where none do, or nobody has counted.
    """

    needed: Mapping[str, int] = field(default_factory=dict)
    places: Sequence[int] = ()
    strata: int = 0

    def lost(self, records: float) -> int:
        """Give how many a side may lose where strata end.

        Each loses one to rounding, or a side half of those that share the place where it begins or ends, by chance: the
        preparation divides no place, and there are `BINS`.
        """
        beside = 2 * records / BINS
        return max(self.strata, math.ceil(1 + (beside + 3 * math.sqrt(beside) + 1) / 2)) if self.strata else 0


def shares_that_hold(validation: float, test: float, short: set[str], divided: Divided) -> dict[str, float] | None:
    """Give the least shares by which each side holds what it needs; None where none leave half for training.

    Sides that are not short keep their share where that is possible. A share of 0 stays: that side is not divided.

    >>> shares_that_hold(0.02, 0.02, {"validation"}, Divided({"validation": 5, "test": 2}, [1] * 100))
    {'validation': 0.05, 'test': 0.02}
    """
    reached = [0, *itertools.accumulate(divided.places)]
    needed = {"validation": 0, "test": 0, "train": 1, **divided.needed}
    found = [
        (changed, of_test + of_validation, of_test)
        for of_test in _hundredths(test)
        for of_validation in _hundredths(validation)
        if of_test + of_validation <= MOST_HELD_OUT * PLACES + _EXACTLY
        and (not of_test or reached[of_test] >= needed["test"])
        and reached[of_test + of_validation] - reached[of_test] >= needed["validation"]
        and reached[-1] - reached[of_test + of_validation] >= needed["train"]
        for changed in [sum(_others(validation, test, short, of_validation, of_test))]
    ]
    if not found:
        return None
    _, both, of_test = min(found)
    return {"validation": (both - of_test) / PLACES, "test": of_test / PLACES}


def _hundredths(share: float) -> Iterator[int]:
    """The share, rounded up, and all that are larger; nothing but 0 for one that is 0."""
    first = -int(-(share * PLACES - _EXACTLY) // 1)
    return iter(range(first, PLACES + 1)) if share else iter((0,))


def _others(validation: float, test: float, short: set[str], of_validation: int, of_test: int) -> Iterator[bool]:
    """Whether each side changes that is not short."""
    for side, share, new in (("validation", validation, of_validation), ("test", test, of_test)):
        yield side not in short and abs(share * PLACES - new) > _EXACTLY
