"""A figure too unsure to act on ends the run, which then says how many records would tell."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.select_model.choosing import needed
from lambdas.shared.errors import TooFewRecords
from lambdas.shared.figures import sure_share
from tests.unit.lambdas.select_model.candidates import Select, evaluated


def test_the_records_that_are_needed_are_worked_out_from_the_width_of_the_interval() -> None:
    narrow, wide = (evaluated(low=low, value=0.4, examples=25) for low in (0.28, 0.2))

    assert needed(narrow, 0.3) == 36
    assert needed(wide, 0.3) == 100
    assert needed(evaluated(low=0.1, value=0.29), 0.3) is None
    assert needed(evaluated(low=0.1, value=0.3), 0.3) is None


def test_of_answers_that_all_score_alike_exactly_so_many_are_needed_as_reach_the_floor() -> None:
    alike = evaluated(value=0.8, low=round(0.8 * sure_share(24), 6), examples=24)
    count = needed(alike, 0.75)

    assert count == 58
    assert 0.8 * sure_share(58) >= 0.75 > 0.8 * sure_share(57)


UNSURE = (0.05, 0.4, 1)


def test_a_figure_too_unsure_to_act_on_ends_the_run_and_says_how_many_records_are_needed(
    select: Select, run: dict[str, Any]
) -> None:
    run["sample_size"] = 24

    with pytest.raises(TooFewRecords, match=r"anything from 0.05 to 0.75: whether .* floor of 0.3 .* About 48 records"):
        select((0.1, 0), UNSURE, (0.2, 1))


def test_every_candidate_that_is_too_unsure_is_named_and_the_widest_says_how_many_records_are_needed(
    select: Select,
) -> None:
    with pytest.raises(TooFewRecords) as caught:
        select((0.1, 0), (0.12, 0.4, 1), UNSURE)

    told = str(caught.value)
    assert "rougeL of nova-micro (zero-shot) may be anything from 0.12 to 0.68" in told
    assert "and rougeL of nova-micro (few-shot) may be anything from 0.05 to 0.75: whether they reach" in told
    assert "About 48 records are needed" in told


def test_where_the_sample_was_small_it_is_the_setting_to_change(select: Select, run: dict[str, Any]) -> None:
    run["sample_size"] = 24

    with pytest.raises(TooFewRecords) as caught:
        select((0.1, 0), UNSURE, (0.2, 1))

    told = str(caught.value)
    assert (
        "Set selection.sample_size to 48. At data.split.validation 0.1, about 640 usable records have so many" in told
    )
    assert "Set data.split" not in told


def test_where_validation_holds_no_more_the_split_is_the_setting_to_change(select: Select, run: dict[str, Any]) -> None:
    run["sample_size"], run["split"]["test"] = 64, 0.2
    with pytest.raises(TooFewRecords) as caught:
        select((0.1, 0), UNSURE, (0.2, 1))

    told = str(caught.value)
    assert "On 24 records" in told
    assert "validation holds no more. Set data.split.validation to 0.27, or bring about 640 usable records" in told
    assert "sample_size" not in told

    run["sample_size"] = 32
    with pytest.raises(TooFewRecords, match=r"Set selection.sample_size to 48. Set data.split.validation to 0.27"):
        select((0.1, 0), UNSURE, (0.2, 1))


def test_a_run_that_does_not_say_how_it_is_divided_is_told_without_numbers(select: Select, run: dict[str, Any]) -> None:
    del run["split"]
    run["sample_size"] = 24
    with pytest.raises(TooFewRecords, match=r"Set selection.sample_size to 48. Validation has to hold so many."):
        select((0.1, 0), UNSURE, (0.2, 1))
    run["sample_size"] = 64
    with pytest.raises(TooFewRecords, match=r"no more. Enlarge data.split.validation, or bring more usable records."):
        select((0.1, 0), UNSURE, (0.2, 1))


def test_a_sample_size_is_told_as_it_is_written_and_never_above_what_it_may_be(
    select: Select, run: dict[str, Any]
) -> None:
    def told(examples: int) -> str:
        run["sample_size"] = examples
        with pytest.raises(TooFewRecords) as caught:
            select((0.1, 0), UNSURE, (0.2, 1), examples=examples)
        return str(caught.value)

    assert "Set selection.sample_size to 1373. " in told(700)
    assert "Set selection.sample_size to 10000. No more than 10000 can be asked: if they do not tell, set" in told(8000)
    assert "Set selection.sample_size" not in told(10_000)
    assert "set a floor outside these bounds" in told(10_000)


def test_an_unsure_figure_does_not_matter_when_another_is_surely_good_enough(select: Select) -> None:
    assert select((0.5, 0), (0.05, 0.4, 1), (0.2, 1))["chosen"]["index"] == 0
