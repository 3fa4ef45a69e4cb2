"""How long training will still take is told before its first step, and by its last steps once there are some."""

from __future__ import annotations

import pytest

from pipelines.tuning.forecast import STEP_COSTS, Forecast, step_by_validation


def test_before_anything_is_measured_nothing_is_told() -> None:
    assert Forecast().left(10, 1) is None


def test_before_the_first_step_what_is_expected_is_told_with_the_validations_to_come() -> None:
    forecast = Forecast()
    forecast.validated(3.0)
    forecast.expect(2.0)
    assert forecast.left(10, 4) == 10 * 2.0 + 4 * 3.0


def test_a_step_is_expected_by_the_tokens_that_a_validation_took() -> None:
    assert step_by_validation(6.0, 300, 100) == pytest.approx(STEP_COSTS * 2.0)


def test_slow_first_steps_of_a_process_that_goes_on_do_not_stand_for_all_that_are_left() -> None:
    forecast = Forecast()
    forecast.expect(10.0)
    forecast.stepped(40.0)
    assert forecast.left(100, 0) == pytest.approx(1750)
    for _ in range(10):
        forecast.stepped(2.0)
    assert forecast.left(100, 0) == pytest.approx(200)


def test_a_machine_that_has_become_slower_is_told_by_its_own_pace() -> None:
    forecast = Forecast()
    forecast.expect(1.0)
    for _ in range(10):
        forecast.stepped(8.0)
    assert forecast.left(10, 0) == pytest.approx(80)
