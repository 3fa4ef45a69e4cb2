"""How often the kept records name groups of people: by split, by length, and by label where there are few.

A share says what the words say. It is set beside that of the other groups of its kind, and a label's share among a
group's records beside that among all, with the interval that chance alone leaves open.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipelines.preparation.profile.bounded import BoundedCounter, label_counter
from pipelines.preparation.profile.excerpts import begin_of
from pipelines.preparation.profile.histogram import percentile
from pipelines.preparation.profile.lexicon import LEXICON
from pipelines.preparation.profile.mentions import Group, find_terms, groups_of

FEW_LABELS = 12
_SHOWN_TERMS = 8
_EVERYBODY = Group("", "")
"""All records that were looked at, named or not."""
_TWO_SIDED_95 = 1.959964


@dataclass(slots=True)
class Mentions:
    """Counts of the records that name a group. The lexicon is English: records of other languages are passed over."""

    passed_over: int = 0
    records: Counter[Group] = field(default_factory=Counter)
    targets: Counter[Group] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    terms: Counter[tuple[str, str]] = field(default_factory=Counter)
    splits: Counter[tuple[Group, str]] = field(default_factory=Counter)
    lengths: Counter[tuple[Group, int]] = field(default_factory=Counter)
    labels: Counter[tuple[Group, str]] = field(default_factory=Counter)
    """Empty once there are more labels than are worth comparing."""
    all_labels: BoundedCounter = field(default_factory=label_counter)

    def take(self, text: list[str], target: list[str], split: str, label: str, length: int) -> None:
        """Count a record by its words, its split, its target as a label (if it has one), and the bin of its length."""
        if in_target := find_terms(target):
            self.targets.update(groups_of(in_target))
        terms = find_terms(text) | in_target
        groups = groups_of(terms)
        if terms:
            self.terms.update(terms)
            self.kinds.update({group.kind for group in groups})
        self.records[_EVERYBODY] += 1
        self.splits[_EVERYBODY, split] += 1
        self.lengths[_EVERYBODY, length] += 1
        for group in groups:
            self.records[group] += 1
            self.splits[group, split] += 1
            self.lengths[group, length] += 1
            if label and self.all_labels.counts is not None:
                self.labels[group, label] += 1
        if label:
            self.all_labels.take(label)
        self._bound_labels()

    def add(self, other: "Mentions") -> None:
        """Add the counts of another share of the records."""
        self.passed_over += other.passed_over
        for name in ("records", "targets", "kinds", "terms", "splits", "lengths", "labels"):
            getattr(self, name).update(getattr(other, name))
        self.all_labels.add(other.all_labels)
        self._bound_labels()

    def to_json(self) -> dict[str, Any]:
        """Return the report: kinds with their groups, each with its counts."""
        return {
            "language": "en",
            "terms": len({term for groups in LEXICON.values() for terms in groups.values() for term in terms}),
            "records": self.records[_EVERYBODY],
            "other_languages": self.passed_over,
            "splits": self._by_split(_EVERYBODY),
            "percentiles": self._lengths(_EVERYBODY),
            "kinds": [self._kind(kind) for kind in LEXICON],
        }

    def _bound_labels(self) -> None:
        if self.all_labels.counts is None:
            self.labels.clear()

    def _kind(self, kind: str) -> dict[str, Any]:
        groups = [self._group(Group(kind, name)) for name in LEXICON[kind]]
        return {"kind": kind, "records": self.kinds[kind], "groups": groups, "ratio": _ratio(groups)}

    def _group(self, group: Group) -> dict[str, Any]:
        records = self.records[group]
        terms = Counter({term: self.terms[group.kind, term] for term in LEXICON[group.kind][group.name]})
        return {
            "group": group.name,
            "records": records,
            "share": round(records / (self.records[_EVERYBODY] or 1), 6),
            "in_target": self.targets[group],
            "splits": self._by_split(group),
            "percentiles": self._lengths(group),
            "labels": self._labels(group),
            "terms": [[term, count] for term, count in _most(terms, _SHOWN_TERMS) if count],
        }

    def _by_split(self, group: Group) -> dict[str, int]:
        return {split: count for (named, split), count in sorted(self.splits.items()) if named == group}

    def _lengths(self, group: Group) -> dict[str, Any]:
        bins = {place: count for (named, place), count in self.lengths.items() if named == group}
        return {f"p{percent}": percentile(bins, percent) for percent in (25, 50, 75)}

    def _labels(self, group: Group) -> list[dict[str, Any]] | None:
        """Return each label's share among a group's records and among all; None where there are too many labels."""
        labels = self.all_labels.counts
        if not labels or not 2 <= len(labels) <= FEW_LABELS or not self.records[group]:
            return None
        return [
            {
                "label": begin_of(label),
                "records": self.labels[group, label],
                "interval": wilson(self.labels[group, label], self.records[group]),
                "of_all": round(labels[label] / self.records[_EVERYBODY], 6),
            }
            for label in sorted(labels)
        ]


def _ratio(groups: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Set the group that most records name beside the one that fewest name, if two are named at all."""
    named = sorted((group for group in groups if group["records"]), key=lambda group: -group["records"])
    if len(named) < 2:
        return None
    most, least = named[0], named[-1]
    return {
        "most": [most["group"], most["records"]],
        "least": [least["group"], least["records"]],
        "ratio": round(most["records"] / least["records"], 2),
    }


def wilson(count: int, total: int) -> list[float]:
    """Return Wilson's 95 % interval of a share (Wilson, 1927): it holds for small counts too."""
    share, spread = count / total, _TWO_SIDED_95**2 / total
    middle = share + spread / 2
    half = _TWO_SIDED_95 * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return [round(max(0.0, (middle - half) / (1 + spread)), 6), round(min(1.0, (middle + half) / (1 + spread)), 6)]


def _most(counts: Counter[str], number: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:number]
