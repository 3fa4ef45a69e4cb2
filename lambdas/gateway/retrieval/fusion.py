"""One ranking out of two: that of words and that of embeddings, by a weighted sum of their normalized scores.

The formula is the convex combination with theoretical minima of Bruch, Gai and Ingber 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval" (ACM TOIS 42, equation 6): a score's distance from the least that there can be (BM25's
is 0, a cosine's -1), as a share of what the best of this question has. What only one of the two found has the least of
the other. The weight was measured: docs/retrieval.md.
"""

from __future__ import annotations

from collections.abc import Mapping

WEIGHT_OF_EMBEDDINGS = 0.6
LEAST_COSINE = -1.0


def fused(words: Mapping[int, float], cosines: Mapping[int, float], weight: float) -> dict[int, float]:
    """Give the score of each passage that either found, from 0 to 1, the best first.

    Args:
        words: BM25 scores by passage.
        cosines: cosines by passage.
        weight: of the cosines.
    """
    best_words = max(words.values(), default=0.0) or 1.0
    best_cosine = max(cosines.values(), default=0.0) - LEAST_COSINE or 1.0
    scores = {
        number: (1 - weight) * words.get(number, 0.0) / best_words
        + weight * (cosines.get(number, LEAST_COSINE) - LEAST_COSINE) / best_cosine
        for number in {**words, **cosines}
    }
    return dict(sorted(scores.items(), key=lambda one: (-one[1], one[0])))
