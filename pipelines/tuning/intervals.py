"""A figure with the bounds that hold it, and how many examples it takes to make the bounds narrow enough.

Drawing examples anew cannot show an answer that the sample lacks, so no figure is surer here than the number of
examples allows. As in `lambdas/shared/figures.py`, which measures the candidates: a test holds the two against each
other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.tuning.bootstrap import interval, paired_difference

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure, and the bounds that hold it with probability `LEVEL`."""

    value: float
    low: float
    high: float

    @property
    def ci(self) -> list[float]:
        return [self.low, self.high]

    @property
    def finite(self) -> bool:
        return all(math.isfinite(number) for number in (self.value, self.low, self.high))

    def negated(self) -> Interval:
        """Give the same turned around, so that of what shall be low the best is the highest."""
        return Interval(-self.value, -self.high, -self.low)


def sure_share(count: int) -> float:
    """Give the least share of all that is surely like a sample in which none of `count` differs.

    That none differs is as likely as the tail where a share of `tail ** (1 / count)` does not (Clopper & Pearson 1934).
    """
    return float(((1 - LEVEL) / 2) ** (1 / count))


def examples_for(share: float) -> int:
    """Give how many examples that do not differ make a share, above 0 and below 1, sure."""
    # Rounding may carry a whole number past itself by one bit.
    return math.ceil(math.log((1 - LEVEL) / 2) / math.log(share) - 1e-9)


def of_mean(scores: Sequence[float], seed: int) -> Interval:
    """Give the mean of scores from 0 to 1."""
    value, (low, high) = paired_difference([0.0] * len(scores), scores, seed, LEVEL)
    share = sure_share(len(scores))
    # That unseen scores may be 1 is held against a figure only where scores are right or wrong, or all alike.
    wide = low == high or all(score in (0, 1) for score in scores)
    return Interval(value, min(low, value * share), max(high, value + (1 - value) * (1 - share)) if wide else high)


def of_difference(base: Sequence[float], tuned: Sequence[float], seed: int) -> Interval:
    """Give the mean of `tuned - base`, scores by example."""
    value, (low, high) = paired_difference(base, tuned, seed, LEVEL)
    return Interval(value, low, high)


def of_reduction(base: Sequence[float], tuned: Sequence[float], seed: int) -> Interval:
    """Give the share by which the sum of `tuned` lies below that of `base`, both by example."""
    before, after = np.asarray(base), np.asarray(tuned)

    def reduction(drawn: NDArray[np.intp]) -> float:
        return float(1 - after[drawn].sum() / before[drawn].sum())

    value, (low, high) = interval(reduction, len(before), seed, LEVEL)
    return Interval(value, low, high)


def of_classes(wanted: NDArray[np.intp], given: NDArray[np.intp], value: float, drawn: tuple[float, float]) -> Interval:
    """Give macro-F1's interval the width that drawing anew cannot see: that of each class, by its own few examples.

    Three right answers of three make their class as unsure as three examples do. The classes' widths add up as
    independent errors do; a class whose answers are neither all right nor all wrong shows its width in the draws.
    """
    classes = np.unique(wanted)
    counts = np.array([(wanted == each).sum() for each in classes])
    right = np.array([((wanted == each) & (given == each)).sum() for each in classes])
    f1 = 2 * right / (counts + np.array([(given == each).sum() for each in classes]))
    alike = (right == 0) | (right == counts)
    unseen = np.array([1 - sure_share(int(count)) for count in counts]) / len(classes)

    def width(seen: float, reach: NDArray[np.float64]) -> float:
        by = unseen * reach
        return max(math.hypot(max(0.0, seen), *by[alike]), math.hypot(*by))

    low = value - width(value - drawn[0], f1)
    high = value + width(drawn[1] - value, 1 - f1)
    return Interval(value, max(0.0, low), min(1.0, high))
