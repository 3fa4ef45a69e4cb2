"""Exact match and token F1 as SQuAD's own evaluation defines them (Rajpurkar et al. 2016, `evaluate-v2.0.py`).

Both compare normalized answers: lower case, without punctuation, without the articles a, an and the, and with single
spaces. A reference of which that leaves nothing, such as ``+`` or ``A``, is compared as it is, but for case and spaces:
an empty answer is not it.
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
    wanted = normalized(reference)
    if not wanted:
        return float(_squeezed(reference) == _squeezed(answer))
    return float(wanted == normalized(answer))


def token_f1(reference: str, answer: str) -> float:
    """Give the F-measure of the words that both have, each as often as it stands there.

    >>> token_f1("the tower of London", "London tower, in Britain")
    0.5714285714285714
    """
    wanted, given = normalized(reference).split(), normalized(answer).split()
    if not wanted:
        return exact_match(reference, answer)
    common = (Counter(wanted) & Counter(given)).total()
    if not common:
        return 0.0
    precision, recall = common / len(given), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _squeezed(text: str) -> str:
    return " ".join(text.lower().split())
