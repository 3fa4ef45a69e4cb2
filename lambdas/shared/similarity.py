"""Which of some texts are most like another one: BM25 (Robertson & Zaragoza 2009), in plain Python.

The words that a text shares with the other count by how rare they are among the texts; what all have, such as the
task's instruction, counts next to nothing.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Sequence

# Chinese and Japanese put no spaces between words: each of their characters is taken for one.
UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
WORD = re.compile(rf"(?=\w)[{UNSPACED}]|[^\W{UNSPACED}]+")
SATURATION, LENGTH_SHARE = 1.5, 0.75


class Index:
    """Texts to look among, their words counted once."""

    def __init__(self, texts: Sequence[str]) -> None:
        counted = [Counter(_words(text)) for text in texts]
        lengths = [counts.total() for counts in counted]
        average = sum(lengths) / max(1, len(lengths)) or 1.0
        self._weights: dict[str, list[tuple[int, float]]] = {}
        for place, (counts, length) in enumerate(zip(counted, lengths, strict=True)):
            damping = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length / average)
            for word, count in counts.items():
                weight = count * (SATURATION + 1) / (count + damping)
                self._weights.setdefault(word, []).append((place, weight))
        self._count = len(texts)

    def nearest(self, text: str, count: int) -> list[int]:
        """Give the places of the most similar texts, the most similar first; of equals the one that stands first."""
        scores = [0.0] * self._count
        # In the order of the text and not of a set: the sums are the same in every process.
        for word in dict.fromkeys(_words(text)):
            holders = self._weights.get(word, [])
            rarity = math.log(1 + (self._count - len(holders) + 0.5) / (len(holders) + 0.5))
            for place, weight in holders:
                scores[place] += rarity * weight
        return heapq.nsmallest(count, range(self._count), key=lambda place: (-scores[place], place))


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())
