"""How sure a difference between two models is, from the same examples answered by both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RESAMPLES = 10_000


def paired_difference(
    base: Sequence[float], tuned: Sequence[float], seed: int, level: float = 0.95
) -> tuple[float, tuple[float, float]]:
    """Give the mean of `tuned - base` and its percentile-bootstrap interval. Both are scores by example.

    Resampling examples, and not the two lists apart, takes out what is hard or easy for both models.
    """
    differences = np.subtract(tuned, base)
    draws = np.random.default_rng(seed).integers(len(differences), size=(RESAMPLES, len(differences)))
    means = differences[draws].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(differences.mean()), (float(low), float(high))
