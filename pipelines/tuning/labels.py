"""The labels of a classification: found in training, kept in `training.json`, looked for in the model's answers.

As in `lambdas/shared/labels.py`, which measures the candidates: a test holds the two against each other. What stands
around a label counts only where labels could not be told apart without it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

MOST_LABELS = 200
LONGEST_LABEL = 100
_OF_SENTENCES = " .,:;!?\"'`"
_AROUND = f"{_OF_SENTENCES}*()[]{{}}<>"


def plain(text: str, labels: Sequence[str] = ()) -> str:
    """Write a label or an answer for comparison with `labels`: small letters, single spaces, nothing around it."""
    return _stripped(text, _AROUND if all(label == _stripped(label, _AROUND) for label in labels) else _OF_SENTENCES)


def labels_of(targets: Iterable[str]) -> list[str]:
    """Give the labels among targets, as they are compared, the most frequent first; none where they are no labels."""
    counts = Counter(_stripped(target, _OF_SENTENCES) for target in targets)
    if len(counts) > MOST_LABELS or any(not label or len(label) > LONGEST_LABEL for label in counts):
        return []
    bare: Counter[str] = Counter()
    for label, count in counts.items():
        bare[_stripped(label, _AROUND)] += count
    if "" not in bare and len(bare) == len(counts):
        counts = bare
    return sorted(counts, key=lambda label: (-counts[label], label))


def given_by(answer: str, labels: Sequence[str]) -> str | None:
    """Give the label that an answer is, or that alone stands in it; None where there is none, or several."""
    said = plain(answer, labels)
    if said and said in labels:
        return said
    spans = [
        (*hit.span(), label)
        for label in labels
        if label
        for hit in re.finditer(rf"(?<!\w){re.escape(label)}(?!\w)", said)
    ]
    outer = {label for start, end, label in spans if not any(_within(start, end, *other[:2]) for other in spans)}
    return outer.pop() if len(outer) == 1 else None


def _within(start: int, end: int, other_start: int, other_end: int) -> bool:
    """Whether one hit stands in another, longer one."""
    return other_start <= start and end <= other_end and end - start < other_end - other_start


def _stripped(text: str, around: str) -> str:
    return " ".join(text.casefold().split()).strip(around)
