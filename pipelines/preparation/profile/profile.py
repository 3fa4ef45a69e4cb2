"""The profile of a data set: what tasks note of the records as they write them, and the driver adds up.

It grows with neither the records nor the files, holds no whole text, and is the same whichever task saw which record
in which order.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipelines.preparation.profile.bias import Mentions
from pipelines.preparation.profile.bounded import BoundedCounter, Least, label_counter
from pipelines.preparation.profile.clusters import Clusters
from pipelines.preparation.profile.excerpts import begin_of, explain
from pipelines.preparation.profile.histogram import Histogram
from pipelines.preparation.words import folded_words

EXAMPLES = 3
_SHOWN_LABELS, _SHOWN_SOURCES, _SHOWN_LANGUAGES = 40, 25, 40
_LEXICON_LANGUAGE = "en"


@dataclass(slots=True)
class Profile:
    """What is known of a share of the records; empty at first."""

    text: Histogram = field(default_factory=Histogram)
    target: Histogram = field(default_factory=Histogram)
    splits: Counter[str] = field(default_factory=Counter)
    languages: BoundedCounter = field(default_factory=BoundedCounter)
    labels: BoundedCounter = field(default_factory=label_counter)
    sources: BoundedCounter = field(default_factory=BoundedCounter)
    mentions: Mentions = field(default_factory=Mentions)
    examples: Least = field(default_factory=lambda: Least(EXAMPLES))
    rejected: dict[str, Least] = field(default_factory=dict)
    clusters: Clusters = field(default_factory=Clusters)

    def keep(self, text: str, target: str, split: str, source_key: str, language: str | None = None) -> None:
        """Note a record that was written to a split, with its text and target as written; no target is an empty one."""
        words, target_words = folded_words(text), folded_words(target)
        length = self.text.take(len(words))
        self.splits[split] += 1
        self.sources.take(source_key)
        if target:
            self.target.take(len(target_words))
            self.labels.take(target)
        if language is not None:
            self.languages.take(language)
        if language in (None, _LEXICON_LANGUAGE):
            self.mentions.take(words, target_words, split, target, length)
        else:
            self.mentions.passed_over += 1
        self.examples.take(
            (_hash(text, target, split, source_key),),
            lambda: {"text": begin_of(text), "target": begin_of(target), "split": split, "source": {"key": source_key}},
        )

    def reject(self, reason: str, quarantine: str, source_key: str, source_line: int) -> None:
        """Note a record that was rejected: `quarantine` is its line there, `source_…` where it comes from."""
        source = {"key": source_key, "line": source_line}
        self.rejected.setdefault(reason, Least(EXAMPLES)).take(
            (_hash(source_key, str(source_line)), source_key, source_line),
            lambda: {"source": source, **explain(quarantine)},
        )

    def represent(self, record_id: str, size: int, text: str, source_key: str, source_line: int) -> None:
        """Note the record that stands for a cluster of near-duplicates of a size."""
        self.clusters.represent(record_id, size, text, (source_key, source_line))

    def member(
        self, representative: str, size: int, text: str, source_key: str, source_line: int, similarity: float
    ) -> None:
        """Note another record of a cluster, kept or rejected, and its similarity to the one that stands for it."""
        self.clusters.member(representative, size, text, (source_key, source_line), similarity)

    def add(self, other: "Profile") -> None:
        """Add what another task noted."""
        self.text.add(other.text)
        self.target.add(other.target)
        self.splits.update(other.splits)
        self.languages.add(other.languages)
        self.labels.add(other.labels)
        self.sources.add(other.sources)
        self.mentions.add(other.mentions)
        self.examples.add(other.examples)
        self.clusters.add(other.clusters)
        for reason, examples in other.rejected.items():
            self.rejected.setdefault(reason, Least(EXAMPLES)).add(examples)

    def to_json(self) -> dict[str, Any]:
        """Return the profile as it stands in the manifest: the same for the same records, whoever saw them."""
        return {
            "records": self.splits.total(),
            "text_words": self.text.to_json(),
            "target_words": self.target.to_json(),
            "splits": dict(sorted(self.splits.items())),
            "languages": self.languages.to_json(_SHOWN_LANGUAGES),
            "labels": self._labels_to_json(),
            "sources": self.sources.to_json(_SHOWN_SOURCES),
            "examples": self.examples.to_json(),
            "rejected": {reason: examples.to_json() for reason, examples in sorted(self.rejected.items())},
            "clusters": self.clusters.to_json(),
            "groups": self.mentions.to_json(),
        }

    def _labels_to_json(self) -> dict[str, Any]:
        """Return the targets as labels, with personal data replaced as everywhere."""
        labels = self.labels.to_json(_SHOWN_LABELS)
        labels["counts"] = [[begin_of(label), count] for label, count in labels["counts"]]
        return labels


def _hash(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", errors="replace"), digest_size=8).hexdigest()
