"""The learning rate rises to its peak, and falls as the schedule says."""

from __future__ import annotations

import pytest

from pipelines.tuning.schedule import SCHEDULES, learning_rate_at


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warm_up", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("steps", [1, 2, 7, 100])
def test_the_learning_rate_rises_to_its_peak_and_never_rises_again(steps: int, warm_up: float, schedule: str) -> None:
    rates = [learning_rate_at(step, steps, 1e-3, warm_up, schedule) for step in range(1, steps + 1)]
    peak = rates.index(max(rates))
    assert max(rates) <= 1e-3
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert min(rates) > 0


def test_a_constant_rate_stays_at_its_peak() -> None:
    assert {learning_rate_at(step, 10, 1e-3, 0.2, "constant") for step in range(2, 11)} == {1e-3}


def test_a_line_falls_by_the_same_each_step() -> None:
    rates = [learning_rate_at(step, 4, 1.0, 0.0, "linear") for step in range(1, 5)]
    assert rates == pytest.approx([0.8, 0.6, 0.4, 0.2])
