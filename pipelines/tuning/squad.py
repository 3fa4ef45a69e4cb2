"""Exact match and token F1 as SQuAD's own evaluation defines them (Rajpurkar et al. 2016, `evaluate-v2.0.py`).

As in `lambdas/shared/squad.py`, which measures the candidates: a test holds the two against each other.
"""

from __future__ import annotations

import re
import string
from collections import Counter

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = frozenset(string.punctuation)


def normalized(text: str) -> str:
    """Write an answer as SQuAD compares it: small letters, without punctuation and articles, with single spaces."""
    without = "".join(character for character in text.lower() if character not in _PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", without).split())


def exact_match(reference: str, answer: str) -> float:
    """Give 1 where the normalized answers are the same, else 0; a reference that nothing is left of counts as it is."""
    wanted = normalized(reference)
    if wanted:
        return 1.0 if wanted == normalized(answer) else 0.0
    return 1.0 if reference.lower().split() == answer.lower().split() else 0.0


def token_f1(reference: str, answer: str) -> float:
    """Give the F-measure, 0 to 1, of the words that both have; as `exact_match` where the reference has none."""
    wanted, given = normalized(reference).split(), normalized(answer).split()
    if not wanted:
        return exact_match(reference, answer)
    common = sum((Counter(wanted) & Counter(given)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(given), common / len(wanted)
    return 2 * precision * recall / (precision + recall)
