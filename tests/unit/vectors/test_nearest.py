"""The nearest vectors are those that comparing with each of them finds, near ties and extreme numbers included."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.vectors import nearest
from twin.vectors.nearest import Floats, Metric

METRICS: tuple[Metric, ...] = get_args(Metric)


def single(numbers: Sequence[float]) -> Floats:
    return np.array(numbers, np.float32)


def by_hand(row: Sequence[float], query: Sequence[float], metric: Metric) -> float:
    """A distance without numpy."""
    if metric == "euclidean":
        return math.dist(row, query)
    product = math.fsum(one * other for one, other in zip(row, query, strict=True))
    if metric == "innerproduct":
        return -product
    return 1 - product / (math.hypot(*row) * math.hypot(*query))


@pytest.mark.parametrize(
    ("row", "cosine", "euclidean"),
    [([1, 0, 0], 0.0, 0.0), ([5, 0, 0], 0.0, 4.0), ([0, 1, 0], 1.0, math.sqrt(2)), ([-1, 0, 0], 2.0, 2.0)],
)
def test_distances_are_those_that_aws_gives(row: list[float], cosine: float, euclidean: float) -> None:
    matrix, query = np.array([row], np.float32), np.array([1, 0, 0], np.float32)
    assert nearest.distances(matrix, query, "cosine").tolist() == [cosine]
    assert nearest.distances(matrix, query, "euclidean").tolist() == [euclidean]


def check(matrix: Floats, query: Floats, metric: Metric, k: int, allowed: nearest.Mask | None = None) -> int:
    """Compare with measuring every row; how many rows were measured exactly."""
    rows, distances = nearest.candidates(matrix, nearest.norms(matrix), query, metric, k, allowed)
    everything = nearest.distances(matrix, query, metric)
    assert distances.tolist() == everything[rows].tolist()
    possible = everything if allowed is None else everything[allowed]
    assert np.sort(distances)[:k].tolist() == np.sort(possible)[:k].tolist()
    return len(rows)


FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
SMALL = st.integers(-2, 2).map(float)


@settings(deadline=None)
@given(st.data(), st.sampled_from(METRICS), st.integers(1, 5), st.integers(1, 12), st.sampled_from([FINITE, SMALL]))
def test_every_distance_is_the_one_that_is_found_by_hand(
    data: st.DataObject, metric: Metric, dimension: int, count: int, numbers: st.SearchStrategy[float]
) -> None:
    rows = st.lists(numbers, min_size=dimension, max_size=dimension)
    rows = rows.filter(lambda row: metric == "euclidean" or any(single(row)))
    matrix = np.array(data.draw(st.lists(rows, min_size=count, max_size=count)), np.float32)
    query = np.array(data.draw(rows), np.float32)
    found = nearest.distances(matrix, query, metric).tolist()
    expected = [by_hand(row.tolist(), query.tolist(), metric) for row in matrix]
    # What is left of terms that cancel each other is only as exact as the largest of them.
    largest = float(np.abs(matrix.astype(np.float64) * query.astype(np.float64)).max())
    exact = 1e-12 * max(1.0, largest if metric == "innerproduct" else 0.0)
    assert found == pytest.approx(expected, rel=1e-9, abs=exact)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1.0, 1e-18, 1e18, 1e-38])
@pytest.mark.parametrize("k", [1, 10, 3000])
def test_the_shortcut_finds_what_measuring_everything_finds(metric: Metric, scale: float, k: int) -> None:
    generator = np.random.default_rng(7)
    matrix = (generator.standard_normal((3000, 16)) * scale).astype(np.float32)
    query = (generator.standard_normal(16) * scale).astype(np.float32)
    check(matrix, query, metric, k)


@pytest.mark.parametrize("metric", METRICS)
def test_vectors_that_single_precision_cannot_tell_apart_are_told_apart(metric: Metric) -> None:
    generator = np.random.default_rng(11)
    centre = generator.standard_normal(512) * 100
    matrix = (centre + generator.standard_normal((4000, 512)) * 1e-3).astype(np.float32)
    check(matrix, centre.astype(np.float32), metric, 5)


@pytest.mark.parametrize("metric", METRICS)
def test_few_vectors_are_measured_twice(metric: Metric) -> None:
    generator = np.random.default_rng(13)
    matrix = generator.standard_normal((20_000, 64)).astype(np.float32)
    assert check(matrix, generator.standard_normal(64).astype(np.float32), metric, 10) < 100


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 1.0])
def test_only_what_is_allowed_is_found(metric: Metric, share: float) -> None:
    generator = np.random.default_rng(17)
    matrix = generator.standard_normal((5000, 8)).astype(np.float32)
    allowed = generator.random(5000) < share
    check(matrix, generator.standard_normal(8).astype(np.float32), metric, 20, allowed)


@pytest.mark.parametrize("metric", METRICS)
def test_of_vectors_that_are_equally_far_away_all_are_candidates(metric: Metric) -> None:
    matrix = np.tile(single([1, 2, 3]), (3000, 1))
    assert check(matrix, single([3, 2, 1]), metric, 4) == 3000


def test_zero_vectors_have_a_distance_where_it_is_euclidean() -> None:
    matrix = np.zeros((3000, 4), np.float32)
    matrix[7] = 1
    assert nearest.candidates(matrix, nearest.norms(matrix), single([2, 2, 2, 2]), "euclidean", 1)[0].tolist() == [7]


@pytest.mark.parametrize("k", [1, 7, 500, 1499, 1500])
def test_ties_everywhere_change_nothing(k: int) -> None:
    matrix = np.random.default_rng(19).integers(-1, 2, (1500, 3)).astype(np.float32)
    check(matrix, single([1, -1, 0]), "euclidean", k)
