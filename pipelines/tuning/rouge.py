"""ROUGE-L as the `rouge-score` package computes it without stemming; the training image does not carry it."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def rouge_l(reference: str, answer: str) -> float:
    """Give the F-measure, 0 to 1, of the longest common subsequence of two texts' words."""
    expected, given = _words(reference), _words(answer)
    common = _longest_common_subsequence(expected, given)
    if common == 0:
        return 0.0
    precision, recall = common / len(given), common / len(expected)
    return 2 * precision * recall / (precision + recall)


def _words(text: str) -> list[str]:
    return _NOT_A_WORD.sub(" ", text.lower()).split()


def _longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    lengths = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for column, other in enumerate(second, start=1):
            above = lengths[column]
            lengths[column] = diagonal + 1 if word == other else max(above, lengths[column - 1])
            diagonal = above
    return lengths[-1]
