"""Lengths in fixed bins, so that the sum of two histograms is the histogram of all.

The edges are Renard's preferred numbers (R10, ten to a decade), rounded to whole words. What is said of single ranks,
such as the median, is the bin that holds it: the bins are all that is known.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_RENARD = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
_DECADES = 6
EDGES = (0, *sorted({int(step * 10**decade + 0.5) for decade in range(_DECADES) for step in _RENARD}), 10**_DECADES)
"""Where each bin begins; it ends before the next one begins, and the last one has no end."""

PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(slots=True)
class Histogram:
    """How many values fall into each bin, with their sum and their extremes."""

    bins: Counter[int] = field(default_factory=Counter)
    total: int = 0
    least: int | None = None
    greatest: int | None = None

    def take(self, value: int) -> int:
        """Count a value, and return its bin."""
        place = bisect_right(EDGES, value) - 1
        self.bins[place] += 1
        self.total += value
        self._widen(value, value)
        return place

    def add(self, other: "Histogram") -> None:
        """Add another share of the values."""
        self.bins.update(other.bins)
        self.total += other.total
        if other.least is not None and other.greatest is not None:
            self._widen(other.least, other.greatest)

    def to_json(self) -> dict[str, Any]:
        """Return counts, mean, extremes, and the bins that hold the percentiles; a bin is `[from, to]` in words."""
        count = self.bins.total()
        return {
            "count": count,
            "mean": round(self.total / count, 2) if count else None,
            "least": self.least,
            "greatest": self.greatest,
            "percentiles": {f"p{percent}": percentile(self.bins, percent) for percent in PERCENTILES},
            "bins": [[*bounds(place), self.bins[place]] for place in sorted(self.bins)],
        }

    def _widen(self, least: int, greatest: int) -> None:
        self.least = least if self.least is None else min(self.least, least)
        self.greatest = greatest if self.greatest is None else max(self.greatest, greatest)


def bounds(place: int) -> list[int | None]:
    """Return the first and the last value of a bin; the last bin has no last value."""
    return [EDGES[place], EDGES[place + 1] - 1 if place + 1 < len(EDGES) else None]


def percentile(bins: Mapping[int, int], percent: int) -> list[int | None] | None:
    """Return the bounds of the bin that holds a percentile (by nearest rank); None where nothing was counted."""
    rank = -(-sum(bins.values()) * percent // 100)
    for place in sorted(bins):
        rank -= bins[place]
        if rank <= 0 and bins[place]:
            return bounds(place)
    return None
