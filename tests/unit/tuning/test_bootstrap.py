"""The interval says how sure a difference is."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pipelines.tuning import bootstrap
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


def test_blocks_of_any_size_give_the_interval_of_all_draws_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "RESAMPLES", 500)
    arguments = list(scores(1, 37)), list(scores(2, 37))
    monkeypatch.setattr(bootstrap, "DRAWS_AT_ONCE", 500 * 37)
    at_once = paired_difference(*arguments, seed=5)
    for draws in (1, 37 * 7, 37 * 33 + 1):
        monkeypatch.setattr(bootstrap, "DRAWS_AT_ONCE", draws)
        assert paired_difference(*arguments, seed=5) == at_once


def test_memory_does_not_grow_with_the_examples() -> None:
    base, tuned = list(scores(1, 2500)), list(scores(2, 2500))
    tracemalloc.start()
    paired_difference(base, tuned, seed=5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All at once would be twice 200 MB.
    assert peak < 40e6
