"""Parts of the test examples that are looked at on their own: by length, by source file, by language.

A figure over all of them may rise while the model forgets how to deal with one kind of text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.tuning.curated import Curated

# Of more files or languages the least frequent are one slice.
MOST_OF_A_KIND = 12
OTHERS = "others"
LENGTHS = ("short", "middle", "long")


@dataclass(frozen=True)
class Slice:
    """Places of test examples that have something in common."""

    kind: str
    name: str
    places: tuple[int, ...]


def slices_of(records: Sequence[Curated]) -> list[Slice]:
    """Divide the test examples in each way that tells some of them from others."""
    return [
        *_named("length", _lengths(records)),
        *_named("source", [record.source for record in records]),
        *_named("language", [record.language for record in records]),
    ]


def _lengths(records: Sequence[Curated]) -> list[str]:
    """Name each record by its third of the texts' lengths, with the bounds in words that this third has."""
    words = np.array([len(record.text.split()) for record in records])
    bounds = np.unique(np.quantile(words, [1 / 3, 2 / 3]).astype(int))
    thirds = np.searchsorted(bounds, words, "left")
    names = {
        third: f"{LENGTHS[third] if len(bounds) == 2 else LENGTHS[2 * min(third, 1)]}, "
        f"{words[thirds == third].min()}-{words[thirds == third].max()} words"
        for third in set(thirds.tolist())
    }
    return [names[third] for third in thirds.tolist()]


def _named(kind: str, names: Sequence[str]) -> list[Slice]:
    counts = Counter(names)
    if len(counts) < 2:
        return []
    frequent = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    kept = frequent if len(frequent) <= MOST_OF_A_KIND else frequent[: MOST_OF_A_KIND - 1]
    places: dict[str, list[int]] = {name: [] for name in kept}
    for place, name in enumerate(names):
        places.setdefault(name if name in kept else OTHERS, []).append(place)
    return [Slice(kind, name or f"no {kind}", tuple(found)) for name, found in places.items()]
