"""Statistics over a list of measurements: percentiles, and a mean with its bootstrap confidence interval."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95
RESAMPLES = 2000
SEED = 13


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


def mean_interval(
    values: Sequence[float], *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = SEED
) -> Interval:
    """Give the mean with its percentile-bootstrap interval (Efron & Tibshirani 1993); same seed, same bounds.

    Raises:
        ValueError: there are no values, or one is not a finite number.
    """
    if not values or not all(math.isfinite(value) for value in values):
        raise ValueError("a mean needs at least one value, all of them finite numbers")
    count = len(values)
    # A reproducible draw is wanted here, not an unpredictable one.
    draw = random.Random(seed).choices  # noqa: S311
    means = [sum(draw(values, k=count)) / count for _ in range(resamples)]
    tail = (1 - level) / 2
    return Interval(math.fsum(values) / count, percentile(means, tail), percentile(means, 1 - tail), level)


def paired_interval(challenger: Sequence[float], champion: Sequence[float], *, seed: int = SEED) -> Interval:
    """Give the mean of challenger minus champion over the same examples, with its interval.

    Raises:
        ValueError: the two have different lengths, or as `mean_interval`.
    """
    return mean_interval([a - b for a, b in zip(challenger, champion, strict=True)], seed=seed)
