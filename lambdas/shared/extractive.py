"""The extractive baseline: the sentence of a text that stands best for the whole. No model, next to no cost.

Sentences are scored as in TextRank (Mihalcea & Tarau 2004): how much each overlaps the others, in shared words
over the logarithms of the lengths. One round of degree centrality stands in for the full random walk, and the
score falls with the position, because leading sentences summarize best in most written text (Nenkova 2005).
A candidate that is dearer has to beat this.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator

from lambdas.shared.rouge import tokens

# A sentence ends at punctuation before a space, or at a line's end, unless the next line goes on in small letters: then
# the text was wrapped. No abbreviations are known. Lines are split off first: one pattern for both would take quadratic
# time on a text of spaces.
BOUNDARY = re.compile(r"(?<=[.!?])\s+")
MAX_SENTENCES = 60
MAX_TEXT_CHARACTERS = 100_000


def sentences(text: str) -> list[str]:
    """Split into sentences that hold at least one word; the first ones, when there are very many."""
    parts = (part.strip() for line in _unwrapped(text[:MAX_TEXT_CHARACTERS]) for part in BOUNDARY.split(line))
    return list(itertools.islice((part for part in parts if tokens(part)), MAX_SENTENCES))


def _unwrapped(text: str) -> Iterator[str]:
    """Yield the lines, those that only go on in the next one put together with it."""
    pieces: list[str] = []
    for line in text.splitlines():
        if not line[:1].islower():
            yield " ".join(pieces)
            pieces = []
        pieces.append(line.rstrip())
    yield " ".join(pieces)


def best_sentence(text: str) -> str:
    """Give the best-scoring sentence; an empty string for a text without words."""
    candidates = sentences(text)
    if not candidates:
        return ""
    words = [set(tokens(sentence)) for sentence in candidates]
    scores = [(1 + _centrality(index, words)) / (1 + index) for index in range(len(candidates))]
    return candidates[scores.index(max(scores))]


def _centrality(index: int, words: list[set[str]]) -> float:
    return sum(_overlap(words[index], other) for place, other in enumerate(words) if place != index)


def _overlap(first: set[str], second: set[str]) -> float:
    shared = len(first & second)
    return shared / (math.log(1 + len(first)) + math.log(1 + len(second))) if shared else 0.0
