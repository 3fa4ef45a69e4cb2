"""What answers without a look at the record would score is told, and no floor on labels may lie at or below it."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.select_model.choosing import VacuousFloor
from lambdas.select_model.handler import NoCandidateClearsFloor
from tests.unit.lambdas.select_model.candidates import Select, words


def test_a_floor_that_one_label_for_all_reaches_is_refused(select: Select, run: dict[str, Any]) -> None:
    run["task"]["kind"], run["metric"] = "classification", "accuracy"

    with pytest.raises(
        VacuousFloor, match=r"same label for every record reaches accuracy 0.700.*Raise selection.floor"
    ):
        select((0.8, 0), (0.7, 1), (0.9, 1), metric="accuracy", chance=0.7)

    assert select((0.8, 0), (0.7, 1), (0.9, 1), metric="accuracy", chance=0.29)["chosen"]["index"] == 0


def test_a_candidate_as_good_as_the_same_label_for_every_record_is_told_so(select: Select, run: dict[str, Any]) -> None:
    run["task"]["kind"], run["metric"], run["floor"] = "classification", "accuracy", 0.6

    result = select((0.53, 0), (0.51, 0.56, 1), (0.54, 0.55, 1), metric="accuracy", chance=0.53)

    same_label = "the same label for every record, which scores 0.530"
    assert words(result) == [
        f"its mean 0.530 is below the floor 0.6; it is not better than {same_label}",
        f"its mean 0.560 is below the floor 0.6, though it may reach 0.610; it is not surely better than {same_label}",
        "its mean 0.550 is below the floor 0.6",
    ]
    assert result["reason"].endswith(f"it is not surely better than {same_label}")
    run["tuning_enabled"] = False
    with pytest.raises(NoCandidateClearsFloor, match=f"it is not better than {same_label}"):
        select((0.53, 0), (0.5, 1), (0.5, 1), metric="accuracy", chance=0.53)


def test_of_texts_a_candidate_is_told_that_answers_of_other_records_are_as_good(select: Select) -> None:
    assert words(select((0.05, 0), (0.2, 1), (0.2, 1)))[:2] == [
        "its mean 0.050 is below the floor 0.3; it is not better than answers meant for other records, which score "
        "0.050",
        "its mean 0.200 is below the floor 0.3",
    ]


def test_answers_of_one_pattern_are_no_reason_to_refuse_a_floor_on_texts(select: Select) -> None:
    assert select((0.8, 0), (0.7, 1), (0.9, 1), chance=0.7)["chosen"]["index"] == 0
