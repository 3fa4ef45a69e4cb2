"""One ranking out of two: that of words and that of embeddings, by a weighted sum of their normalized scores.

The formula is the convex combination with theoretical minima of Bruch, Gai and Ingber 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval" (ACM Transactions on Information Systems 42): each score as a share of what the best of
this question has, counted from the least that there can be, which for both is here 0: of words in common, and of
directions. What only one of the two found has the least of the other. The weight was measured: docs/retrieval.md.
"""

from __future__ import annotations

from collections.abc import Mapping

WEIGHT_OF_EMBEDDINGS = 0.7


def fused(words: Mapping[int, float], cosines: Mapping[int, float], weight: float) -> dict[int, float]:
    """Give the score of each passage that either found, from 0 to 1, the best first.

    Args:
        words: BM25 scores by passage.
        cosines: cosines by passage; one below 0 counts as 0.
        weight: of the cosines.

    >>> fused({1: 8.0, 2: 4.0}, {2: 0.9, 3: 0.45}, 0.5)
    {2: 0.75, 1: 0.5, 3: 0.25}
    """
    shares = _shares(words), _shares(cosines)
    scores = {
        number: (1 - weight) * shares[0].get(number, 0.0) + weight * shares[1].get(number, 0.0)
        for number in {**words, **cosines}
    }
    return dict(sorted(scores.items(), key=lambda one: (-one[1], one[0])))


def _shares(scores: Mapping[int, float]) -> dict[int, float]:
    best = max(scores.values(), default=0.0)
    return {number: max(0.0, score) / best for number, score in scores.items()} if best > 0 else {}
