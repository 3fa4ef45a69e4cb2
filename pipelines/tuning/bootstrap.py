"""How sure a difference between two models is, from the same examples answered by both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
# One by one, and not all at once.
FEWER_RESAMPLES = 2000
# What is in memory: of 10,000 examples all resamples at once would take 1.6 GB.
DRAWS_AT_ONCE = 1_000_000


def paired_difference(
    base: Sequence[float], tuned: Sequence[float], seed: int, level: float = 0.95
) -> tuple[float, tuple[float, float]]:
    """Give the mean of `tuned - base` and its percentile-bootstrap interval. Both are scores by example.

    Resampling examples, and not the two lists apart, takes out what is hard or easy for both models.
    """
    differences: NDArray[np.float64] = np.subtract(tuned, base)
    means = _resampled_means(differences, np.random.default_rng(seed))
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(differences.mean()), (float(low), float(high))


def _resampled_means(values: NDArray[np.float64], dice: np.random.Generator) -> NDArray[np.float64]:
    """Draw block by block: the dice fall as if all were drawn at once, so the block's size changes no figure."""
    means = np.empty(RESAMPLES)
    step = max(1, DRAWS_AT_ONCE // len(values))
    for start in range(0, RESAMPLES, step):
        block = means[start : start + step]
        draws = dice.integers(len(values), size=(len(block), len(values)))
        block[:] = values[draws].mean(axis=1)
    return means


def interval(
    statistic: Callable[[NDArray[np.intp]], float], count: int, seed: int, level: float
) -> tuple[float, tuple[float, float]]:
    """Give a figure that is no mean, as `statistic` works it out of places of examples, with its interval."""
    dice = np.random.default_rng(seed)
    drawn = [statistic(dice.integers(count, size=count)) for _ in range(FEWER_RESAMPLES)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return statistic(np.arange(count)), (float(low), float(high))
