"""Exact match and token F1 as SQuAD's own evaluation defines them (Rajpurkar et al. 2016, `evaluate-v2.0.py`).

Both compare normalized answers: lower case, without punctuation, without the articles a, an and the, and with single
spaces. Of two answers one of which is empty, both figures are 1 when the other is empty too, and else 0.
"""

from __future__ import annotations

import re
import string
from collections import Counter

ARTICLES = re.compile(r"\b(a|an|the)\b")
WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalized(text: str) -> str:
    """Write an answer as SQuAD compares it.

    >>> normalized("The  Eiffel-Tower!")
    'eiffeltower'
    """
    return " ".join(ARTICLES.sub(" ", text.lower().translate(WITHOUT_PUNCTUATION)).split())


def exact_match(reference: str, answer: str) -> float:
    """Give 1 where the normalized answers are the same, else 0."""
    return float(normalized(reference) == normalized(answer))


def token_f1(reference: str, answer: str) -> float:
    """Give the F-measure of the words that both have, each as often as it stands there.

    >>> token_f1("the tower of London", "London tower, in Britain")
    0.5714285714285714
    """
    wanted, given = normalized(reference).split(), normalized(answer).split()
    if not wanted or not given:
        return float(wanted == given)
    common = (Counter(wanted) & Counter(given)).total()
    if not common:
        return 0.0
    precision, recall = common / len(given), common / len(wanted)
    return 2 * precision * recall / (precision + recall)
