"""A text as the terms that a lexical search compares: words in one case and without endings, and names in parts.

Technical texts name things in one word that people ask for in several: `CreateBucket`, `max_output_tokens`. Such a
name counts as itself and as its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lambdas.shared.similarity import WORD

MOST_CHARACTERS = 64
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")


def terms(text: str) -> Iterator[str]:
    """Yield the terms of a text, in order and as often as they stand there.

    >>> list(terms("Creates buckets by CreateBucket"))
    ['create', 'bucket', 'by', 'createbucket', 'create', 'bucket']
    """
    for word in WORD.findall(text):
        yield from _terms(word)


@lru_cache(maxsize=65536)
def _terms(word: str) -> tuple[str, ...]:
    word = word[:MOST_CHARACTERS]
    whole = stem(word.casefold())
    if word.islower() and "_" not in word:
        return (whole,)
    parts = _PARTS.findall(word)
    return (whole, *(stem(part.casefold()) for part in parts)) if len(parts) > 1 else (whole,)


def stem(word: str) -> str:
    """Take an English plural's or verb's ending off (the S-stemmer: Harman 1991, "How effective is suffixing?").

    >>> [stem(word) for word in ("policies", "creates", "status", "access", "as")]
    ['policy', 'create', 'status', 'access', 'as']
    """
    if len(word) < 4 or word[-1] != "s":
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return f"{word[:-3]}y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    return word if word[-2] in "us" else word[:-1]
