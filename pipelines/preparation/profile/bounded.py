"""What stays small however much is added, and comes out the same in whatever order: counts of few names, few examples.

Both rules are the same whether all is seen by one task or each share by another, since they look only at what was
added, never at when: more than so many names anywhere are more than so many names in all, and what is among the least
of all is among the least of its share.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MOST_NAMES, LONGEST_LABEL = 1000, 80


@dataclass(slots=True)
class BoundedCounter:
    """Counts by name, as long as there are at most `most` names of at most `longest` characters; then no counts at all.

    Attributes:
        counts: exact counts by name; None once there were too many names, or one too long.
    """

    most: int = MOST_NAMES
    longest: int = 1024
    counts: Counter[str] | None = field(default_factory=Counter)

    def take(self, name: str) -> None:
        """Count a name once."""
        if self.counts is not None:
            self.counts[name] += 1
            if len(name) > self.longest or len(self.counts) > self.most:
                self.counts = None

    def add(self, other: "BoundedCounter") -> None:
        """Add the counts of another share."""
        if self.counts is None or other.counts is None:
            self.counts = None
            return
        self.counts.update(other.counts)
        if len(self.counts) > self.most:
            self.counts = None

    def to_json(self, shown: int) -> dict[str, Any]:
        """Return the most frequent names with their counts, and how many others there are."""
        if self.counts is None:
            return {"bounded": self.most, "different": None, "counts": [], "others": 0}
        ordered = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return {
            "bounded": self.most,
            "different": len(ordered),
            "counts": [[name, count] for name, count in ordered[:shown]],
            "others": sum(count for _, count in ordered[shown:]),
        }


def label_counter() -> BoundedCounter:
    """Return a counter of targets, which are labels as long as they are few and short."""
    return BoundedCounter(longest=LONGEST_LABEL)


@dataclass(slots=True)
class Least:
    """The `most` examples whose keys are least. Equal keys must belong to equal examples."""

    most: int
    kept: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)

    def take(self, key: tuple[Any, ...], make: Callable[[], dict[str, Any]]) -> None:
        """Keep an example if its key is among the least so far; `make` is called only then."""
        if len(self.kept) < self.most or key < max(self.kept):
            self.kept[key] = make()
            self._cut()

    def add(self, other: "Least") -> None:
        """Add the examples of another share."""
        self.kept.update(other.kept)
        self._cut()

    def to_json(self) -> list[dict[str, Any]]:
        """Return the examples in the order of their keys."""
        return [self.kept[key] for key in sorted(self.kept)]

    def _cut(self) -> None:
        for key in sorted(self.kept)[self.most :]:
            del self.kept[key]
