"""The labels of a classification: found in training, kept in `training.json`, looked for in the model's answers.

As in `lambdas/shared/labels.py`, which measures the candidates: a test holds the two against each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

MOST_LABELS = 200
LONGEST_LABEL = 100
_AROUND = " .,:;!?\"'`*()[]{}<>"


def plain(text: str) -> str:
    """Write a label or an answer for comparison: small letters, single spaces, nothing around it."""
    return " ".join(text.casefold().split()).strip(_AROUND)


def labels_of(targets: Iterable[str]) -> list[str]:
    """Give the labels among targets, in plain writing, the most frequent first; none where they are no labels."""
    counts = Counter(plain(target) for target in targets)
    if len(counts) > MOST_LABELS or any(len(label) > LONGEST_LABEL for label in counts):
        return []
    return sorted(counts, key=lambda label: (-counts[label], label))


def given_by(answer: str, labels: Sequence[str]) -> str | None:
    """Give the label that an answer is, or that alone stands in it; None where there is none, or several."""
    said = plain(answer)
    if said in labels:
        return said
    found = [label for label in labels if label and re.search(rf"(?<!\w){re.escape(label)}(?!\w)", said)]
    whole = [label for label in found if not any(label != other and label in other for other in found)]
    return whole[0] if len(whole) == 1 else None
