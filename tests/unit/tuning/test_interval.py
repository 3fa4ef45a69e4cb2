"""How far apart checkpoints are, by a clock that the test turns."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tuning.interval import LARGEST_SHARE, MEAN_TIME_BETWEEN_LOSSES_S, Pace, steps_between

STEP_S = st.floats(0.001, 600)
SAVE_S = st.floats(0.001, 600)
MOST_LOST_S = st.floats(0, 3600)


@given(STEP_S, SAVE_S, MOST_LOST_S)
def test_saving_takes_no_more_than_its_share_of_the_time(step_s: float, save_s: float, most_lost_s: float) -> None:
    steps = steps_between(step_s, save_s, most_lost_s)
    # Of whole steps as many as fit: the share is kept but for the step that did not fit.
    assert save_s <= LARGEST_SHARE * (steps + 1) * step_s * (1 + 1e-9)


@given(STEP_S, SAVE_S, MOST_LOST_S)
def test_no_more_is_lost_than_the_setting_says_where_saving_can_afford_it(
    step_s: float, save_s: float, most_lost_s: float
) -> None:
    steps = steps_between(step_s, save_s, most_lost_s)
    assert steps == 1 or steps * step_s <= max(most_lost_s, save_s / LARGEST_SHARE) * (1 + 1e-9)


def test_between_the_bounds_the_interval_is_youngs() -> None:
    interval_s = math.sqrt(2 * 1.0 * MEAN_TIME_BETWEEN_LOSSES_S)
    assert steps_between(0.1, 1.0, 600) == math.floor(interval_s / 0.1)


def test_a_long_step_is_saved_each_time() -> None:
    assert steps_between(1000, 1.0, 600) == 1


def test_a_step_that_takes_no_measurable_time_does_not_divide_by_zero() -> None:
    assert steps_between(0.0, 1.0, 600) > 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def take_step(pace: Pace, clock: Clock, seconds: float) -> bool:
    pace.begin()
    clock.now += seconds
    return pace.stepped()


def save(pace: Pace, clock: Clock, seconds: float) -> float:
    pace.begin()
    clock.now += seconds
    return pace.saved()


def test_the_first_checkpoint_is_due_after_the_first_step(clock: Clock) -> None:
    assert take_step(Pace(600, clock), clock, 2.0)


def test_the_next_is_due_after_the_interval_by_measured_times(clock: Clock) -> None:
    pace = Pace(60, clock)
    take_step(pace, clock, 2.0)
    assert save(pace, clock, 1.0) == 1.0
    assert pace.interval == steps_between(2.0, 1.0, 60) == 30
    assert [take_step(pace, clock, 2.0) for _ in range(30)] == [False] * 29 + [True]


def test_what_was_announced_holds_until_the_next_checkpoint_though_steps_become_faster(clock: Clock) -> None:
    pace = Pace(60, clock)
    take_step(pace, clock, 2.0)
    save(pace, clock, 1.0)
    assert [take_step(pace, clock, 0.1) for _ in range(30)][-1]
    save(pace, clock, 1.0)
    assert pace.interval == 600


def test_the_time_between_steps_is_not_counted(clock: Clock) -> None:
    pace = Pace(60, clock)
    take_step(pace, clock, 2.0)
    clock.now += 500  # a validation
    save(pace, clock, 1.0)
    assert pace.interval == 30
