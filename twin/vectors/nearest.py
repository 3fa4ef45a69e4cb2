"""The nearest neighbours of a vector, exactly: what is found is what comparing with every vector would find.

A product in single precision, which is fast, says which vectors may be among the nearest: all that lie no further away
than its rounding errors can explain. Those alone are then measured in double precision.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Metric = Literal["cosine", "euclidean", "innerproduct"]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

# In these bounds products in single precision neither overflow nor vanish; beyond them all is double precision.
_SMALLEST_NORM, _LARGEST_NORM = 1e-15, 1e15
# A set this small, or this small a part of the whole, is measured in double precision at once.
_FEW = 1024
_PART = 16
_CHUNK = 2048
# Twice the unit roundoff of single precision: the bound of a product's error has room for that of its operands.
_ROUNDOFF = 2.0**-23


def norms(matrix: Floats) -> Doubles:
    """The length of each row, in double precision."""
    wide = matrix.astype(np.float64)
    lengths: Doubles = np.sqrt(np.square(wide).sum(axis=1))
    return lengths


def distances(matrix: Floats, query: Floats, metric: Metric) -> Doubles:
    """The distance of each row, in double precision.

    It is 1 - cosine similarity, the length of the difference, or the negative inner product; summed row by row, so that
    it does not depend on where a row stands.
    """
    wide, target = matrix.astype(np.float64), query.astype(np.float64)
    found: Doubles
    if metric == "euclidean":
        found = np.sqrt(np.square(wide - target).sum(axis=1))
    elif metric == "innerproduct":
        found = -(wide * target).sum(axis=1)
    else:
        lengths = np.sqrt(np.square(wide).sum(axis=1)) * np.sqrt(np.square(target).sum())
        found = np.clip(1.0 - (wide * target).sum(axis=1) / lengths, 0.0, 2.0)
    return found


def candidates(
    matrix: Floats, lengths: Doubles, query: Floats, metric: Metric, k: int, allowed: Mask | None = None
) -> tuple[Rows, Doubles]:
    """Rows among which the `k` nearest are, of those that are `allowed`, and their distances.

    `lengths` are the `norms` of the matrix. There are more rows than `k` where some are equally far away, or nearly.
    """
    rows: Rows = np.arange(len(matrix)) if allowed is None else np.flatnonzero(allowed)
    if len(rows) > max(k, _FEW, len(matrix) // _PART) and _in_bounds(lengths, query):
        near, slack = _approximate(matrix, lengths, query, metric)
        if len(rows) < len(matrix):
            near, slack = near[rows], slack[rows]
        furthest = np.partition(near + slack, k - 1)[k - 1]
        rows = rows[near - slack <= furthest]
    return rows, _measured(matrix, rows, query, metric)


def _in_bounds(lengths: Doubles, query: Floats) -> bool:
    length = float(norms(query[np.newaxis])[0])
    smallest = min(float(lengths[lengths > 0].min(initial=_LARGEST_NORM)), length or _LARGEST_NORM)
    return smallest >= _SMALLEST_NORM and max(float(lengths.max()), length) <= _LARGEST_NORM


def _approximate(matrix: Floats, lengths: Doubles, query: Floats, metric: Metric) -> tuple[Doubles, Doubles]:
    """Something that grows with the distance, for each row, and by how much it may be wrong."""
    length = float(norms(query[np.newaxis])[0])
    relative = (matrix.shape[1] + 8) * _ROUNDOFF
    if metric == "cosine":
        unit = (query / length).astype(np.float32)
        return -(_products(matrix, unit) / lengths), np.full(len(matrix), relative)
    if metric == "innerproduct":
        return -_products(matrix, query).astype(np.float64), relative * lengths * length
    squared = np.square(lengths) + length**2
    near = squared - 2.0 * _products(matrix, query).astype(np.float64)
    return near, 2.0 * relative * lengths * length + 1e-12 * squared


def _products(matrix: Floats, vector: Floats) -> Floats:
    """The product of each row with a vector.

    Not by `@`: the threads that BLAS shares the rows among wait for each other, and for the next product, by spinning,
    which takes more of the processor than the product does.
    """
    found: Floats = np.einsum("ij,j->i", matrix, vector)
    return found


def _measured(matrix: Floats, rows: Rows, query: Floats, metric: Metric) -> Doubles:
    parts = [distances(matrix[rows[start : start + _CHUNK]], query, metric) for start in range(0, len(rows), _CHUNK)]
    return np.concatenate(parts) if parts else np.empty(0)
