"""Scores are those that OpenSearch's documentation gives for its spaces."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.opensearch.scores import ENGINES, SPACES, score


@pytest.mark.parametrize(
    ("space", "engine", "distance", "expected"),
    [
        ("l2", "faiss", 2.0, 1 / 5),
        ("l2", "nmslib", 0.0, 1.0),
        ("innerproduct", "faiss", -0.5, 1.5),
        ("innerproduct", "faiss", 0.25, 0.8),
        ("cosinesimil", "nmslib", 0.25, 1 / 1.25),
        ("cosinesimil", "faiss", 0.25, 1.75 / 2),
    ],
)
def test_a_distance_has_the_score_of_its_space_and_engine(
    space: str, engine: str, distance: float, expected: float
) -> None:
    assert math.isclose(score(distance, engine, space), expected)


@given(st.sampled_from(SPACES), st.sampled_from(ENGINES), st.floats(0, 2), st.floats(0, 2))
def test_what_is_nearer_never_scores_less_and_no_score_is_negative(
    space: str, engine: str, one: float, other: float
) -> None:
    near, far = sorted((one - 1, other - 1) if space == "innerproduct" else (one, other))
    assert score(near, engine, space) >= score(far, engine, space) >= 0
