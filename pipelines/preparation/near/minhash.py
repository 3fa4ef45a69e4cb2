"""MinHash signatures (Broder, 1997) and their bands (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4).

Two texts of Jaccard similarity J agree in each row of a signature with probability J. A band is a few rows in a row;
texts that agree in all rows of any band are candidates, with probability 1 - (1 - J^rows)^bands.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.preparation.near.shingles import Hashes, Shingles, mix

_U = np.uint64
_ROWS = 5
_MISSED = 0.01
"""Share of the pairs at the very threshold that may be missed; of more similar ones far fewer are."""
_BATCH = 64 * 1024
"""Shingles that are hashed at a time: they stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Bands:
    """How signatures are divided."""

    bands: int
    rows: int

    @classmethod
    def for_similarity(cls, similarity: float) -> "Bands":
        """Return the fewest bands that find all but 1 % of the pairs of a similarity."""
        return cls(math.ceil(math.log(_MISSED) / math.log1p(-(similarity**_ROWS))), _ROWS)

    def found(self, similarity: float) -> float:
        """Probability that a pair of a similarity shares a band."""
        return 1 - (1 - similarity**self.rows) ** self.bands


def bands_of(shingles: Shingles, bands: Bands) -> Hashes:
    """Return a hash of each band of each text, [texts, bands]; texts need a shingle each.

    Equal hashes in a column say that two texts agree in that band.
    """
    signatures = _signatures(shingles, bands.bands * bands.rows)
    parts = signatures.reshape(len(signatures), bands.bands, bands.rows).astype(_U)
    hashes = np.broadcast_to(np.arange(bands.bands, dtype=_U), parts.shape[:2]).copy()
    for row in range(bands.rows):
        hashes = mix(hashes * _U(0x9E3779B97F4A7C15) + parts[:, :, row] + _U(1))
    return hashes


def _signatures(shingles: Shingles, permutations: int) -> NDArray[np.uint32]:
    """Return the least of each permutation over each text's shingles, [texts, permutations].

    A permutation is approximated by multiply-shift hashing (Dietzfelbinger et al., 1997).
    """
    multipliers, summands = _permutations(permutations)
    offsets, least = shingles.offsets, np.empty((len(shingles.offsets) - 1, permutations), np.uint32)
    begin = 0
    while begin < len(least):
        end = max(int(np.searchsorted(offsets, offsets[begin] + _BATCH, "right")) - 1, begin + 1)
        hashes = shingles.hashes[offsets[begin] : offsets[end]]
        starts = offsets[begin:end] - offsets[begin]
        for index in range(permutations):
            permuted = ((hashes * multipliers[index] + summands[index]) >> _U(32)).astype(np.uint32)
            least[begin:end, index] = np.minimum.reduceat(permuted, starts)
        begin = end
    return least


def _permutations(count: int) -> tuple[Hashes, Hashes]:
    """Return multipliers, which are odd, and summands: the same ones everywhere and always."""
    drawn = mix(np.arange(1, 2 * count + 1, dtype=_U) * _U(0x9E3779B97F4A7C15))
    return drawn[:count] | _U(1), drawn[count:]
