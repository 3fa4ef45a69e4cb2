"""Statistics over a list of measurements: percentiles, and figures with their bootstrap confidence intervals."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

LEVEL = 0.95
RESAMPLES = 2000
SEED = 13
# A sample of more than 2,000 is drawn anew fewer times: its interval is narrow, and a function's time is short.
MOST_DRAWS = 4_000_000
FEWEST_RESAMPLES = 500


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds that hold it with probability `level`."""

    value: float
    low: float
    high: float
    level: float = LEVEL


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which `share` (0 to 1) of the values lie, interpolated linearly.

    Raises:
        ValueError: there are no values, or `share` is out of range.
    """
    if not values or not 0 <= share <= 1:
        raise ValueError("a percentile needs at least one value and a share from 0 to 1")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    low, high = ordered[below], ordered[above]
    # Clamped: rounding may carry the weighted sum past its neighbours by one bit.
    return min(max(low + (place - below) * (high - low), low), high)


Item = TypeVar("Item")


def mean(values: Sequence[float]) -> float:
    """Give the arithmetic mean, the same whatever the order of the values."""
    return math.fsum(values) / len(values)


def bootstrap(
    items: Sequence[Item],
    statistic: Callable[[Sequence[Item]], float],
    *,
    level: float = LEVEL,
    resamples: int | None = None,
    seed: int = SEED,
) -> Interval:
    """Give a statistic with its percentile-bootstrap interval (Efron & Tibshirani 1993); same seed, same bounds.

    The items are drawn anew, as many as there are and with replacement, `resamples` times (see `resamples_of`).

    Raises:
        ValueError: there are no items, or their statistic is not a finite number.
    """
    if not items or not math.isfinite(statistic(items)):
        raise ValueError("an interval needs at least one value, all of them finite numbers")
    # A reproducible draw is wanted here, not an unpredictable one.
    draw = random.Random(seed).choices  # noqa: S311
    found = [statistic(draw(items, k=len(items))) for _ in range(resamples or resamples_of(len(items)))]
    tail = (1 - level) / 2
    return Interval(statistic(items), percentile(found, tail), percentile(found, 1 - tail), level)


def resamples_of(count: int) -> int:
    """Give how many times a sample of so many is drawn anew.

    >>> [resamples_of(count) for count in (24, 2000, 4000, 10_000)]
    [2000, 2000, 1000, 500]
    """
    return max(FEWEST_RESAMPLES, min(RESAMPLES, MOST_DRAWS // count))


def sure_share(count: int, level: float = LEVEL) -> float:
    """Give the least share of all records that is surely like those of a sample in which none of `count` differs.

    That none differs is as likely as the tail where a share of `tail ** (1 / count)` does not (Clopper & Pearson 1934).

    >>> round(sure_share(8), 3)
    0.631
    """
    return float(((1 - level) / 2) ** (1 / count))


def records_for(share: float, level: float = LEVEL) -> int:
    """Give how many records that do not differ make a share, above 0 and below 1, sure.

    >>> records_for(sure_share(8))
    8
    """
    # Rounding may carry a whole number past itself by one bit.
    return math.ceil(math.log((1 - level) / 2) / math.log(share) - 1e-9)


def not_surer_than_the_sample(interval: Interval, scores: Sequence[float]) -> Interval:
    """Give the interval of a mean of scores from 0 to 1 the width that drawing anew cannot see.

    Drawing anew from eight right answers always gives eight right answers; still, one in three may be wrong. However
    the scores are, so many unseen ones may be 0. That they may be 1 is held against a figure only where scores are
    right or wrong, or all alike: of texts hardly any scores 1.

    >>> round(not_surer_than_the_sample(Interval(1.0, 1.0, 1.0), [1.0] * 8).low, 3)
    0.631
    """
    value, share = interval.value, sure_share(len(scores), interval.level)
    low, high = min(interval.low, value * share), interval.high
    if interval.low == interval.high or all(score in (0, 1) for score in scores):
        high = max(high, value + (1 - value) * (1 - share))
    return Interval(value, low, high, interval.level)
