"""The tuned model is compared with its opponent by the evaluation's own figures; a worse one ends the run."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.shared.errors import EvaluationIncomplete
from tests.unit.lambdas.compare_with_champion.predictions import FAIR, GOOD, POOR, Compare, predictions


def test_labels_are_compared_by_macro_f1_and_not_by_a_mean(compare: Compare, run: dict[str, Any]) -> None:
    run["task"]["kind"], run["metric"] = "classification", "macroF1"
    lines = [
        line | {"reference": "rare" if number < 3 else "common", "base": "common", "tuned": "It is common."}
        for number, line in enumerate(predictions("", ""))
    ]
    for line in lines[:2]:
        line["tuned"] = "Rare!"
    tuned = ((2 * 2) / (3 + 2) + (2 * 27) / (27 + 28)) / 2
    base = (0 + (2 * 27) / (27 + 30)) / 2
    report = {
        "metric": "macroF1",
        "labels": ["common", "rare"],
        "base": {"loss": 4.0, "macroF1": base},
        "tuned": {"loss": 3.0, "macroF1": tuned},
        "difference": {"value": tuned - base, "ci": [0.1, 0.6], "level": 0.95},
    }

    result = compare(lines, report)

    assert (result["champion"]["value"], result["challenger"]["value"]) == (round(base, 6), round(tuned, 6))
    with pytest.raises(EvaluationIncomplete, match="It gives macroF1"):
        compare(lines, report | {"labels": ["common"]})


def test_without_a_champion_the_base_model_is_the_opponent(compare: Compare) -> None:
    result = compare(predictions(FAIR, GOOD))

    assert result["champion"]["kind"] == "base"
    assert result["champion"]["note"] == "There is no champion yet. The base model stands in for it."
    assert (result["champion"]["value"], result["challenger"]["value"]) == (0.5, 1.0)
    assert (result["difference"], result["ci"], result["level"]) == (0.5, [0.5, 0.5], 0.95)
    assert (result["better"], result["examples"]) == (True, 30)
    assert result["challenger"]["loss_reduction"] == 0.25
    assert result["base"] == {"value": 0.1, "loss": 4.0}
    assert result["fine_tuned"] is None


def test_beside_the_base_model_the_interval_is_the_evaluation_s_own(compare: Compare) -> None:
    lines = predictions(FAIR, GOOD, count=15) + predictions(GOOD, GOOD, count=15, first=15)

    result = compare(lines, {"difference": {"value": 0.25, "ci": [0.1666, 0.3334], "level": 0.9}})

    assert (result["difference"], result["ci"], result["level"]) == (0.25, [0.1666, 0.3334], 0.9)


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ({"value": 0.1, "ci": [0.0, 0.2], "level": 0.95}, "It gives a difference in rougeL of 0.1 and the predictions"),
        ({"value": 0.5, "ci": [0.5], "level": 0.95}, "'ci' must be a list of 2 numbers"),
        ({"value": 0.5, "ci": [0.5, "0.6"], "level": 0.95}, "'ci' must be a list of 2 numbers"),
    ],
)
def test_a_difference_that_is_not_of_these_predictions_is_refused(
    compare: Compare, difference: dict[str, Any], words: str
) -> None:
    with pytest.raises(EvaluationIncomplete, match=words):
        compare(predictions(FAIR, GOOD), {"difference": difference})


def test_what_the_gate_could_not_tell_goes_to_whoever_approves(compare: Compare) -> None:
    gate = {"verdict": "passed", "notes": ["language fr: 4 examples are too few"]}
    assert compare(predictions(FAIR, GOOD), {"gate": gate})["undecided"] == gate["notes"]
    assert compare(predictions(FAIR, GOOD))["undecided"] == []


@pytest.mark.parametrize("gate", [{"verdict": "refused"}, {}])
def test_a_model_that_the_gate_refused_is_not_compared(compare: Compare, gate: dict[str, str]) -> None:
    with pytest.raises(EvaluationIncomplete, match=r"verdict"):
        compare(predictions(FAIR, GOOD), {"gate": gate})


def test_a_difference_that_may_be_chance_is_neither_better_nor_an_error(compare: Compare) -> None:
    lines = predictions(FAIR, GOOD, count=15) + predictions(GOOD, FAIR, count=15, first=15)

    result = compare(lines)

    assert result["ci"][0] < 0 < result["ci"][1]
    assert result["better"] is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"examples": 29}, "counts 29 examples and there are 30 predictions"),
        ({"tuned": {"loss": 3.0, "rougeL": 0.9}}, "gives rougeL 0.9 and the predictions give 1.0000"),
        ({"tuned": {"loss": 3.0}}, "'rougeL' is missing"),
        ({"tuned": {"loss": float("nan"), "rougeL": 1.0}}, "'loss' must be a number"),
        ({"loss_reduction": None}, "'loss_reduction' is missing"),
        ({"metric": "bleu"}, "metric is bleu"),
    ],
)
def test_a_report_that_is_incomplete_or_of_other_predictions_keeps_the_gate_closed(
    compare: Compare, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(EvaluationIncomplete, match=message):
        compare(predictions(POOR, GOOD), change)


def test_an_evaluation_of_four_records_keeps_the_gate_closed(compare: Compare) -> None:
    with pytest.raises(EvaluationIncomplete, match="'examples' is 4"):
        compare(predictions(POOR, GOOD, count=4))


def test_an_evaluation_of_five_records_is_enough_for_a_figure(compare: Compare) -> None:
    assert compare(predictions(POOR, GOOD, count=5))["examples"] == 5


def test_a_model_that_has_nothing_to_say_scores_zero(compare: Compare) -> None:
    assert compare(predictions("", GOOD))["champion"]["value"] == 0


def test_a_model_of_texts_is_compared_with_its_base_by_perplexity(compare: Compare, run: dict[str, Any]) -> None:
    run["tuning"]["Objective"] = "continued-pretraining"
    report = {
        "metric": "perplexity",
        "examples": 40,
        "base": {"loss": 3.0, "perplexity": 20.0},
        "tuned": {"loss": 2.5, "perplexity": 12.0},
        "difference": {"value": -8.0, "ci": [-9.0, -7.0], "level": 0.95},
    }
    found = compare([], report)
    assert (found["metric"], found["difference"], found["ci"]) == ("perplexity", 8.0, [7.0, 9.0])
    assert found["better"]
    assert found["champion"]["kind"] == "base"
    with pytest.raises(EvaluationIncomplete, match="verdict is 'refused'"):
        compare([], report | {"gate": {"verdict": "refused"}})
    with pytest.raises(EvaluationIncomplete, match="texts are measured by perplexity"):
        compare([], {})
