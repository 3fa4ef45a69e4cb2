"""Who a record is: its digest, its id, and the side of the split it belongs to.

All of it follows from the record's own text and the seed, never from order, partition or neighbours: the same
document lands on the same side on every cluster, in every run, and when the data set grows.
"""

import hashlib
from functools import lru_cache

from pipelines.preparation.settings import Split
from pipelines.preparation.words import respell

_APART = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in range(256)).lower()
"""Of ASCII, the letters and digits, and spaces for what stands between two words."""


def digest(text: str) -> str:
    """128 bits of the SHA-256 of a cleaned text, as 32 hex digits: no two texts of any data set will share them."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def _spelled_alike(text: str) -> str:
    """Return the words in small letters, a space between each two."""
    return " ".join(respell(text, _small).encode().translate(_APART).decode().split())


@lru_cache(4096)
def _small(character: str) -> str:
    return "".join(small if small.isalnum() else " " for small in character.casefold())


def assign_split(text: str, split: Split) -> str:
    """Return `train`, `validation` or `test` for a cleaned text.

    Texts that differ only in case, punctuation and spacing share a side, so that no variant of a training text is
    held out.
    """
    return side(position(text, split.seed), split.test, split.test + split.validation)


def position(text: str, seed: int) -> float:
    """Return where a text stands between 0 and 1; texts that are spelled alike stand in one place."""
    seeded = hashlib.sha256(f"{seed}\n{_spelled_alike(text) or text}".encode()).digest()
    return int.from_bytes(seeded[:8], "big") / 2**64


def side(place: float, test: float, validation: float) -> str:
    """Return the split of a place, where `test` lies below the first bound and `validation` below the second."""
    if place < test:
        return "test"
    return "validation" if place < validation else "train"
