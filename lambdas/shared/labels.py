"""The labels of a classification: those of the train split, and which of them a model's answer gives.

A model may say more than the label ("The topic is: Sports."). An answer gives a label when it is one, or when exactly
one stands in it; an answer with two labels, or none, gives no label and is wrong. What stands around a label does not
count, unless it is what tells labels apart: then (``<30`` and ``>30``) only the punctuation of a sentence is left off.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lambdas.shared.errors import FunctionError
from lambdas.shared.records import Record

MOST_LABELS = 200
LONGEST_LABEL = 100
OF_SENTENCES = " .,:;!?\"'`"
AROUND = f"{OF_SENTENCES}*()[]{{}}<>"


class NotLabels(FunctionError):
    """The targets of the train split are too many, too long or too empty to be labels."""


def plain(text: str, around: str = AROUND) -> str:
    """Write a label or an answer for comparison: small letters, single spaces, nothing around it.

    >>> plain(' "Science  Fiction". ')
    'science fiction'
    """
    return " ".join(text.casefold().split()).strip(around)


def labels_of_records(records: Iterable[Record]) -> tuple[str, ...]:
    """Give the labels among the references of records; as `labels_of`, whose error names the record."""
    return _labels((f"that of record {record.record_id}", record.reference) for record in records)


def labels_of(targets: Iterable[str]) -> tuple[str, ...]:
    """Give the labels among targets, as they are compared, the most frequent first.

    Raises:
        NotLabels: there are more than `MOST_LABELS`, or one is longer than `LONGEST_LABEL` characters or nothing but
            punctuation. It says which, and not what it reads: errors are logged, and sent to people.
    """
    return _labels((f"number {number}", target) for number, target in enumerate(targets, start=1))


def _labels(targets: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for which, target in targets:
        label = plain(target, OF_SENTENCES)
        counts[label] += 1
        if problem := _problem(which, label, len(counts)):
            raise NotLabels(
                f"The targets of the train split are no labels: {problem}",
                remedy="Name the column of the labels in data.columns.target, or make task.kind generation.",
            )
    bare: Counter[str] = Counter()
    for label, count in counts.items():
        bare[plain(label)] += count
    # Where leaving off what is around makes two labels one, or one empty, it stays.
    chosen = bare if "" not in bare and len(bare) == len(counts) else counts
    return tuple(sorted(chosen, key=lambda label: (-chosen[label], label)))


def as_written(labels: Sequence[str], spellings: Mapping[str, int]) -> tuple[str, ...]:
    """Give labels as their data writes them, in the same order.

    Args:
        labels: as `labels_of` gives them.
        spellings: how often the data has each of its targets.

    >>> as_written(("bug", "praise"), {"Bug": 2, "bug.": 1, "Praise": 1})
    ('Bug', 'Praise')
    """
    compared = Labels(labels)
    found: dict[str, str] = {}
    for spelling in sorted(spellings, key=lambda spelling: (-spellings[spelling], spelling)):
        found.setdefault(compared.written(spelling), spelling)
    return tuple(found[label] for label in labels)


def _problem(which: str, label: str, count: int) -> str:
    if not label:
        return f"{which} is empty, or nothing but punctuation"
    if len(label) > LONGEST_LABEL:
        return f"{which} has {len(label):,} characters, {LONGEST_LABEL} at most"
    return f"more than {MOST_LABELS} are there" if count > MOST_LABELS else ""


class Labels:
    """The labels that an answer can give, compiled once.

    Args:
        labels: as `labels_of` gives them.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._known = frozenset(labels) - {""}
        # Labels that were kept with what is around them say by themselves that it counts.
        self._around = AROUND if all(label == plain(label) for label in self._known) else OF_SENTENCES
        self._patterns = [(label, re.compile(rf"(?<!\w){re.escape(label)}(?!\w)")) for label in self._known]

    def written(self, text: str) -> str:
        """Write a reference as labels are compared here."""
        return plain(text, self._around)

    def given_by(self, answer: str) -> str | None:
        """Give the label of an answer; None where it has none, or several.

        >>> Labels(["good", "very good"]).given_by("I find it very good.")
        'very good'
        >>> Labels(["male", "female"]).given_by("It could be male or female.")
        """
        said = self.written(answer)
        if said in self._known:
            return said
        spans = [(*hit.span(), label) for label, pattern in self._patterns for hit in pattern.finditer(said)]
        found = set()
        furthest = 0
        # By their beginnings, longer ones first: what ends no further than an earlier one stands within it.
        for _, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
            if end > furthest:
                found.add(label)
                furthest = end
        return found.pop() if len(found) == 1 else None
