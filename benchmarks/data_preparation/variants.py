"""What is planted: copies that differ in nothing, in white space or in compatibility characters, and edited texts."""

import random
import re

from benchmarks.data_preparation.truth import jaccard, shingles

BANDS = ((0.95, 1.0), (0.9, 0.95), (0.8, 0.9), (0.7, 0.8), (0.5, 0.7))
"""Bands of similarity, [from, to), in which edited texts are planted."""
COPIES = ("copy", "white space", "compatibility")
_TRIES = 12
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_LIGATURES = (("ffi", "ﬃ"), ("ffl", "ﬄ"), ("ff", "ﬀ"), ("fi", "ﬁ"), ("fl", "ﬂ"))


def band_name(band: tuple[float, float]) -> str:
    """Return the name under which a band is reported."""
    return f"J {band[0]:g}-{band[1]:g}"


def copy_of(text: str, kind: str, draw: random.Random) -> str | None:
    """Return a variant of a text that says the same, or None where the text has no place for it."""
    if kind == "copy":
        return text
    varied = _spaced(text, draw) if kind == "white space" else _compatible(text, draw)
    return varied if varied != text else None


def _spaced(text: str, draw: random.Random) -> str:
    gaps = ("  ", "\t", "\u00a0", " \u2009", "\n", " \n ")
    return re.sub(" ", lambda _: draw.choice(gaps) if draw.random() < 0.1 else " ", text) + draw.choice((" ", "\n\n"))


def _compatible(text: str, draw: random.Random) -> str:
    for plain, ligature in _LIGATURES:
        text = text.replace(plain, ligature)
    words = text.split(" ")
    for place in draw.sample(range(len(words)), 3):
        words[place] = words[place].translate(_FULL_WIDTH)
    return " ".join(words)


def edited(
    text: str, band: tuple[float, float], vocabulary: list[str], draw: random.Random
) -> tuple[str, float] | None:
    """Return an edited text and its similarity to the original, which lies in the band; None if it cannot be hit."""
    original = shingles(text)
    low, high = band
    for _ in range(_TRIES):
        wanted = draw.uniform(low, high)
        # An edited word takes five shingles out and puts five others in.
        edits = max(1, round(len(original) * (1 - wanted) / (5 * (1 + wanted))))
        candidate = _edit_words(text, edits, vocabulary, draw)
        similarity = jaccard(original, shingles(candidate))
        if low <= similarity < high:
            return candidate, similarity
    return None


def _edit_words(text: str, edits: int, vocabulary: list[str], draw: random.Random) -> str:
    words = text.split(" ")
    for _ in range(edits):
        place = draw.randrange(len(words))
        kind = draw.random()
        if kind < 0.7:
            words[place] = draw.choice(vocabulary)
        elif kind < 0.85:
            words.insert(place, draw.choice(vocabulary))
        elif len(words) > 1:
            del words[place]
    return " ".join(words)
