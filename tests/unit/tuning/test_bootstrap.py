"""The interval says how sure a difference is."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.tuning.bootstrap import paired_difference


def scores(seed: int, count: int = 200) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).random(count)


def test_a_model_does_not_differ_from_itself() -> None:
    assert paired_difference(list(scores(1)), list(scores(1)), seed=3) == (0.0, (0.0, 0.0))


def test_a_small_steady_gain_is_certain_although_examples_vary_widely() -> None:
    base = scores(1)
    gain = 0.05 + 0.02 * scores(2)
    value, (low, high) = paired_difference(list(base), list(base + gain), seed=3)
    assert value == pytest.approx(gain.mean())
    assert 0.05 < low < value < high < 0.07


def test_noise_alone_leaves_zero_inside() -> None:
    _, (low, high) = paired_difference(list(scores(1)), list(scores(2)), seed=3)
    assert low < 0 < high


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for trial in range(200):
        base = scores(1000 + trial, 60)
        noise = np.random.default_rng(5000 + trial).normal(0.1, 0.3, 60)
        _, (low, high) = paired_difference(list(base), list(base + noise), seed=trial)
        covered += low <= 0.1 <= high
    assert 180 <= covered <= 199


def test_the_seed_fixes_the_interval() -> None:
    arguments = list(scores(1)), list(scores(2))
    assert paired_difference(*arguments, seed=5) == paired_difference(*arguments, seed=5)
    assert paired_difference(*arguments, seed=5) != paired_difference(*arguments, seed=6)
