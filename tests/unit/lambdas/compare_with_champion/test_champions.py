"""The model in use answers the same test records; where it has not, the base model stands in, and that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdas.compare_with_champion.handler import ChallengerIsWorse
from lambdas.shared.errors import EvaluationIncomplete, InvalidRecord
from tests.unit.lambdas.compare_with_champion.predictions import FAIR, GOOD, POOR, Compare, champion, predictions

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud


def test_the_champion_s_answers_to_the_same_records_are_compared(
    compare: Compare, cloud: Cloud, run: dict[str, Any]
) -> None:
    run["champion"] = champion()
    cloud.put("models", "run=run-3/evaluation/predictions.jsonl", *predictions(POOR, FAIR, count=25, first=5))

    result = compare(predictions(POOR, GOOD))

    assert result["champion"] == {"kind": "sagemaker", "run_id": "run-3", "value": 0.5, "note": ""}
    assert result["examples"] == 25
    assert result["better"] is True


def test_a_model_in_use_that_the_evaluation_asked_is_compared_on_all_records_by_its_interval(
    compare: Compare, run: dict[str, Any]
) -> None:
    run["champion"] = champion()
    lines = [line | {"champion": FAIR, "champion_score": 0.5} for line in predictions(POOR, GOOD)]
    asked = {"value": 0.5, "difference": {"value": 0.5, "ci": [0.41, 0.59], "level": 0.95}}

    result = compare(lines, {"champion": asked})

    assert result["champion"] == {"kind": "sagemaker", "run_id": "run-3", "value": 0.5, "note": ""}
    assert (result["ci"], result["examples"]) == ([0.41, 0.59], 30)
    with pytest.raises(EvaluationIncomplete, match="predictions lack its answers"):
        compare(predictions(POOR, GOOD), {"champion": asked})
    with pytest.raises(EvaluationIncomplete, match=r"a difference from the model in use of 0\.2"):
        compare(lines, {"champion": asked | {"difference": asked["difference"] | {"value": 0.2}}})  # type: ignore[operator]
    assert compare(predictions(POOR, GOOD), {"champion": {"note": "no tuned model is in use"}})["examples"] == 30


def test_a_worse_challenger_ends_the_run(compare: Compare, cloud: Cloud, run: dict[str, Any]) -> None:
    run["champion"] = champion()
    cloud.put("models", "run=run-3/evaluation/predictions.jsonl", *predictions(POOR, GOOD))

    with pytest.raises(ChallengerIsWorse, match=r"rougeL is 0\.500 below that of the champion of run run-3"):
        compare(predictions(POOR, FAIR))


def test_answers_are_matched_by_record_not_by_place(compare: Compare, cloud: Cloud, run: dict[str, Any]) -> None:
    run["champion"] = champion()
    mixed = predictions(POOR, GOOD, count=15) + predictions(POOR, POOR, count=15, first=15)
    cloud.put("models", "run=run-3/evaluation/predictions.jsonl", *reversed(mixed))

    result = compare(mixed)
    assert result["ci"] == [0, 0]
    assert result["better"] is False


@pytest.mark.parametrize("shared", [19, 20])
def test_a_champion_with_too_few_records_in_common_is_replaced_and_that_is_said(
    compare: Compare, cloud: Cloud, run: dict[str, Any], shared: int
) -> None:
    run["champion"] = champion()
    cloud.put("models", "run=run-3/evaluation/predictions.jsonl", *predictions(POOR, FAIR, first=30 - shared))

    found = compare(predictions(POOR, GOOD))["champion"]

    assert found["kind"] == ("sagemaker" if shared == 20 else "base")
    assert ("answered 19 of these 30 records" in found["note"]) == (shared == 19)


def test_a_champion_whose_files_expired_is_replaced_and_that_is_said(compare: Compare, run: dict[str, Any]) -> None:
    run["champion"] = champion()

    assert "predictions are gone" in compare(predictions(POOR, GOOD))["champion"]["note"]


def test_a_bedrock_champion_is_replaced_and_that_is_said(compare: Compare, run: dict[str, Any]) -> None:
    run["champion"] = {"kind": "bedrock", "model_id": "nova", "strategy": "zero-shot", "run_id": "run-2"}

    note = compare(predictions(POOR, GOOD))["champion"]["note"]

    assert note == "The champion nova has not answered the test records. The base model stands in for it."


def test_an_extractive_champion_answers_the_test_records_here(compare: Compare, run: dict[str, Any]) -> None:
    run["champion"] = {"kind": "extractive", "run_id": "run-2"}

    with pytest.raises(ChallengerIsWorse, match="champion of run run-2"):
        compare(predictions(POOR, FAIR))


def test_a_damaged_prediction_is_named_with_its_line(compare: Compare, cloud: Cloud, run: dict[str, Any]) -> None:
    run["champion"] = champion()
    damaged = predictions(POOR, GOOD)
    damaged[6]["tuned"] = 5
    cloud.put("models", "run=run-3/evaluation/predictions.jsonl", *damaged)

    with pytest.raises(InvalidRecord, match=r"'tuned' must be a string \(s3://models/run=run-3/.*line 7\)"):
        compare(predictions(POOR, GOOD))
