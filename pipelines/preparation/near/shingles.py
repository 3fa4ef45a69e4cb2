"""Word shingles of many texts at once, as 64-bit hashes, without a Python loop over their words.

A word is a run of letters and digits, whatever its case; in scripts that write without spaces each letter is one
(`pipelines.preparation.words`). A shingle is `words` words in a row, or all words of a text that has fewer.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.preparation.words import fold

Hashes = NDArray[np.uint64]
Offsets = NDArray[np.int64]

_U = np.uint64
_IS_WORD = np.zeros(256, bool)
# Every byte of a character beyond ASCII: what is no letter among those `fold` has made a space.
_IS_WORD[[*range(48, 58), *range(65, 91), *range(97, 123), *range(128, 256)]] = True
_CODE = np.arange(1, 257, dtype=_U)
_CODE[65:91] += _U(32)
_LONG = 256
_BASE, _FACTOR = 0x9E3779B97F4A7C15, 0xD1342543DE82EF95  # odd: no bit of a word is lost to multiplication


def _powers(base: int, count: int) -> Hashes:
    return np.array([pow(base, exponent, 2**64) for exponent in range(count)], _U)


_POWERS = _powers(_BASE, _LONG)


class Shingles(NamedTuple):
    """The shingles of some texts: those of text `i` are `hashes[offsets[i]:offsets[i + 1]]`."""

    hashes: Hashes
    offsets: Offsets

    @property
    def counts(self) -> Offsets:
        """Number of shingles of each text."""
        return np.diff(self.offsets)

    def take(self, texts: Offsets) -> "Shingles":
        """Return the shingles of some of the texts."""
        counts = self.counts[texts]
        ends = np.cumsum(counts)
        index = np.arange(counts.sum()) + np.repeat(self.offsets[texts] - (ends - counts), counts)
        return Shingles(self.hashes[index], np.append(0, ends))

    def distinct(self) -> "Shingles":
        """Return each text's set of shingles, sorted."""
        text = np.repeat(np.arange(len(self.offsets) - 1), self.counts)
        order = np.lexsort((self.hashes, text))
        hashes, text = self.hashes[order], text[order]
        fresh = np.ones(len(hashes), bool)
        fresh[1:] = (hashes[1:] != hashes[:-1]) | (text[1:] != text[:-1])
        return Shingles(hashes[fresh], np.searchsorted(text[fresh], np.arange(len(self.offsets))))


def shingles(texts: Sequence[str], words: int) -> Shingles:
    """Return the shingles of each text in their order, repeated ones too; a text without a word has none."""
    encoded = [fold(text).encode() for text in texts]
    buffer = np.frombuffer(b" ".join([*encoded, b""]), np.uint8)
    ends_of_texts = np.cumsum(np.fromiter((len(text) + 1 for text in encoded), np.int64, len(encoded)))
    starts, hashes = _hash_words(buffer)
    ends = np.searchsorted(starts, ends_of_texts)
    counts = np.diff(ends, prepend=0)
    text_of = np.repeat(np.arange(len(texts)), counts)
    place = np.arange(len(hashes)) - np.repeat(ends - counts, counts)
    left = np.repeat(counts, counts) - place
    combined = _combine(hashes, left, words)
    begins = (left >= words) | (place == 0)
    return Shingles(mix(combined[begins]), np.searchsorted(text_of[begins], np.arange(len(texts) + 1)))


def mix(values: Hashes) -> Hashes:
    """Spread every bit over the whole word: the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    values = (values ^ (values >> _U(30))) * _U(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> _U(27))) * _U(0x94D049BB133111EB)
    return values ^ (values >> _U(31))


def _hash_words(buffer: NDArray[np.uint8]) -> tuple[Offsets, Hashes]:
    """Return where each word of a buffer begins, and a hash of its bytes, capital letters taken for small ones.

    The hash is a polynomial of the bytes. Such hashes of long words can be made equal at will (Thue–Morse words), so
    these have a cryptographic one.
    """
    is_word = _IS_WORD[buffer]
    edges = np.flatnonzero(np.diff(is_word.view(np.int8), prepend=np.int8(0), append=np.int8(0)))
    starts, lengths = edges[0::2], edges[1::2] - edges[0::2]
    if not len(starts):
        return starts, np.zeros(0, _U)
    first = np.cumsum(lengths) - lengths
    place = np.arange(lengths.sum()) - np.repeat(first, lengths)
    values = _CODE[buffer[is_word]] * _POWERS[place & (_LONG - 1)]
    hashes = mix(np.add.reduceat(values, first))
    for word in np.flatnonzero(lengths > _LONG):
        content = buffer[starts[word] : starts[word] + lengths[word]].tobytes().lower()
        hashes[word] = int.from_bytes(blake2b(content, digest_size=8).digest(), "big")
    return starts, hashes


def _combine(hashes: Hashes, left: Offsets, words: int) -> Hashes:
    """Combine each word with those that follow it in its text: `words` of them, or as many as are left."""
    combined = np.zeros(len(hashes), _U)
    for step, power in enumerate(_powers(_FACTOR, min(words, len(hashes)))):
        begins = len(hashes) - step
        combined[:begins] += np.where(left[:begins] > step, hashes[step:] * power, _U(0))
    return combined
