"""The largest clusters of near-duplicates with a few of their texts, and how similar their members are.

A cluster's members lie in many tasks, but each knows the size of its cluster: so the largest of all are among the
largest of each task's share, and no task has to keep more.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipelines.preparation.profile.bounded import Least
from pipelines.preparation.profile.differences import where_it_differs
from pipelines.preparation.profile.excerpts import begin_of

MOST_CLUSTERS, MOST_MEMBERS = 8, 3
_STEPS = 20
_SIZES = (2, 3, 4, 5, 10, 20, 50, 100, 1000)
_CHARACTERS = 240
_COMPARED = 2000
"""Characters that are kept of each text until its difference can be told."""


@dataclass(slots=True)
class Cluster:
    """A cluster of near-duplicates, as far as one share of the records tells."""

    size: int
    representative: dict[str, Any] | None = None
    members: Least = field(default_factory=lambda: Least(MOST_MEMBERS))

    def add(self, other: "Cluster") -> None:
        """Add what another share of the records tells."""
        self.representative = self.representative or other.representative
        self.members.add(other.members)

    def to_json(self) -> dict[str, Any]:
        """Return how the texts begin, of members what differs; `marks` are its places in the excerpt."""
        stands = self.representative or {"text": ""}
        members = []
        for member in self.members.to_json():
            excerpt, marks = where_it_differs(member["text"], stands["text"], _CHARACTERS)
            members.append({**member, "text": excerpt, "marks": marks})
        begin = begin_of(stands["text"], _CHARACTERS)
        return {"size": self.size, "representative": {**stands, "text": begin}, "members": members}


@dataclass(slots=True)
class Clusters:
    """The largest clusters, with the members that are least like their representative, and counts of all."""

    largest: dict[str, Cluster] = field(default_factory=dict)
    sizes: Counter[int] = field(default_factory=Counter)
    similarities: Counter[int] = field(default_factory=Counter)

    def represent(self, record_id: str, size: int, text: str, source: tuple[str, int]) -> None:
        """Count a cluster by the record that stands for it."""
        self.sizes[max(bound for bound in _SIZES if bound <= size)] += 1
        if (cluster := self._among_largest(record_id, size)) is not None:
            cluster.representative = _excerpt(text, source)

    def member(self, representative: str, size: int, text: str, source: tuple[str, int], similarity: float) -> None:
        """Count another record of a cluster."""
        self.similarities[int(similarity * _STEPS)] += 1
        if (cluster := self._among_largest(representative, size)) is not None:
            rounded = round(similarity, 4)
            cluster.members.take((rounded, *source), lambda: {**_excerpt(text, source), "similarity": rounded})

    def add(self, other: "Clusters") -> None:
        """Add what another share of the records tells."""
        self.sizes.update(other.sizes)
        self.similarities.update(other.similarities)
        for name, cluster in other.largest.items():
            known = self.largest.setdefault(name, Cluster(cluster.size))
            known.add(cluster)
        self._cut()

    def to_json(self) -> dict[str, Any]:
        """Return the largest clusters, counts by size, and the members by their similarity."""
        return {
            "largest": [
                {"cluster": name, **cluster.to_json()} for name, cluster in sorted(self.largest.items(), key=_by_size)
            ],
            "sizes": [
                [first, after - 1 if after else None, self.sizes[first]]
                for first, after in zip(_SIZES, (*_SIZES[1:], None), strict=True)
                if self.sizes[first]
            ],
            "similarities": [
                [step / _STEPS, min(step + 1, _STEPS) / _STEPS, self.similarities[step]]
                for step in sorted(self.similarities)
            ],
        }

    def _among_largest(self, name: str, size: int) -> Cluster | None:
        self.largest.setdefault(name, Cluster(size))
        self._cut()
        return self.largest.get(name)

    def _cut(self) -> None:
        if len(self.largest) > MOST_CLUSTERS:
            for name, _ in sorted(self.largest.items(), key=_by_size)[MOST_CLUSTERS:]:
                del self.largest[name]


def _by_size(item: tuple[str, Cluster]) -> tuple[int, str]:
    name, cluster = item
    return -cluster.size, name


def _excerpt(text: str, source: tuple[str, int]) -> dict[str, Any]:
    return {"text": begin_of(text, _COMPARED), "source": {"key": source[0], "line": source[1]}}
