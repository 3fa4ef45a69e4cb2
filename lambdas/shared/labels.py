"""The labels of a classification: those of the train split, and which of them a model's answer gives.

A model may say more than the label ("The topic is: Sports."). An answer gives a label when it is one, or when exactly
one stands in it; an answer with two labels, or none, gives no label and is wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from lambdas.shared.errors import FunctionError

MOST_LABELS = 200
LONGEST_LABEL = 100
AROUND = " .,:;!?\"'`*()[]{}<>"


class NotLabels(FunctionError):
    """The targets of the train split are too many or too long to be labels."""


def plain(text: str) -> str:
    """Write a label or an answer for comparison: small letters, single spaces, nothing around it.

    >>> plain(' "Science  Fiction". ')
    'science fiction'
    """
    return " ".join(text.casefold().split()).strip(AROUND)


def labels_of(targets: Iterable[str]) -> tuple[str, ...]:
    """Give the labels among targets, in plain writing, the most frequent first.

    Raises:
        NotLabels: there are more than `MOST_LABELS`, or one is longer than `LONGEST_LABEL` characters.
    """
    counts: Counter[str] = Counter()
    for target in targets:
        label = plain(target)
        counts[label] += 1
        if len(counts) > MOST_LABELS or len(label) > LONGEST_LABEL:
            what = f"more than {MOST_LABELS} are there" if len(label) <= LONGEST_LABEL else f"one reads {label[:80]!r}…"
            raise NotLabels(
                f"The targets of the train split are no labels: {what}",
                remedy="Name the column of the labels in data.columns.target, or make task.kind generation.",
            )
    return tuple(label for label, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


class Labels:
    """The labels that an answer can give, compiled once.

    Args:
        labels: in plain writing, as `labels_of` gives them.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._known = frozenset(labels)
        self._patterns = [(label, re.compile(rf"(?<!\w){re.escape(label)}(?!\w)")) for label in labels if label]

    def given_by(self, answer: str) -> str | None:
        """Give the label of an answer; None where it has none, or several.

        >>> Labels(["good", "very good"]).given_by("I find it very good.")
        'very good'
        """
        said = plain(answer)
        if said in self._known:
            return said
        found = [label for label, pattern in self._patterns if pattern.search(said)]
        whole = [label for label in found if not any(label != other and label in other for other in found)]
        return whole[0] if len(whole) == 1 else None
