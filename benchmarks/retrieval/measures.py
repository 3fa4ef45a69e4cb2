"""How good a ranking is, and how sure that is: recall and nDCG with intervals by the bootstrap."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean

RESAMPLES = 2000
RECALL_AT, NDCG_AT = 5, 10


def recall(ranking: Sequence[int], relevant: Collection[int], depth: int = RECALL_AT) -> float:
    """Give the share of the relevant that stand among the first so many; of more than fit, as many as fit are all.

    >>> recall([7, 3, 9, 1, 4, 2], {2, 3}, 5)
    0.5
    """
    return sum(one in relevant for one in ranking[:depth]) / min(depth, len(relevant))


def ndcg(ranking: Sequence[int], relevant: Collection[int], depth: int = NDCG_AT) -> float:
    """Give the discounted gain of a ranking, as a share of the best one's (Järvelin & Kekäläinen 2002).

    >>> ndcg([7, 3], {3}), ndcg([3, 7], {3})
    (0.6309297535714575, 1.0)
    """
    gain = sum(1 / math.log2(place + 2) for place, one in enumerate(ranking[:depth]) if one in relevant)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(depth, len(relevant))))


@dataclass(frozen=True)
class Interval:
    """A mean, and where it lies in 95 of 100 samples like this one."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


def interval(values: Sequence[float], seed: int = 7) -> Interval:
    """Give the mean of some values with its interval by the percentile bootstrap."""
    generator = random.Random(seed)
    means = sorted(fmean(generator.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Interval(fmean(values), means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1])
