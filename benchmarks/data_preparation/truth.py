"""How like each other two texts are: the share of common shingles, counted without any of the tools' code.

A shingle is five words in a row; a word is a run of letters and digits, in lower case, after NFKC.
"""

import re
import unicodedata
from functools import lru_cache

SHINGLE_WORDS = 5
_WORD = re.compile(r"[^\W_]+")

Shingles = frozenset[tuple[str, ...]]


@lru_cache(maxsize=50_000)
def shingles(text: str) -> Shingles:
    """Return the set of shingles; a text of fewer words has one, of all it has."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return frozenset(tuple(words[i : i + SHINGLE_WORDS]) for i in range(max(len(words) - SHINGLE_WORDS + 1, 1)))


def jaccard(left: Shingles, right: Shingles) -> float:
    """Return the size of the intersection over that of the union."""
    common = len(left & right)
    return common / (len(left) + len(right) - common)
