"""The tuned model is compared with the champion on the same test records; a worse one ends the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.compare_with_champion.handler import ChallengerIsWorse, handle
from lambdas.shared.errors import EvaluationIncomplete, InvalidRecord
from lambdas.shared.rouge import rouge_l
from pipelines.tuning.bootstrap import paired_difference

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

REFERENCE = "one two three four"
GOOD, FAIR, POOR = "one two three four", "one two x y", "z"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/fourfold-dev-fine-tune/execution/abc123def456"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/fourfold-dev/3"
Compare = Callable[..., dict[str, Any]]


def predictions(base: str, tuned: str, count: int = 30, first: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "record_id": f"r{number}",
            "prompt": "Summarize in one sentence.\n\nOne two three four. Z.",
            "reference": REFERENCE,
            "base": base,
            "tuned": tuned,
            "base_score": 0,
            "tuned_score": 0,
        }
        for number in range(first, first + count)
    ]


@pytest.fixture
def compare(cloud: Cloud, context: Context, run: dict[str, Any]) -> Compare:
    """Compare a run with these predictions; the report fits them unless it is changed."""

    def start(lines: list[dict[str, Any]], change: dict[str, Any] | None = None, **event: Any) -> dict[str, Any]:
        base_scores, tuned_scores = (
            [rouge_l(line["reference"], line[model]) for line in lines] for model in ("base", "tuned")
        )
        tuned = sum(tuned_scores) / max(len(lines), 1)
        difference, interval = paired_difference(base_scores, tuned_scores, seed=1) if lines else (0.0, (0.0, 0.0))
        report = {
            "gate": {"verdict": "passed"},
            "metric": "rougeL",
            "examples": len(lines),
            "base": {"loss": 4.0, "rougeL": 0.1},
            "tuned": {"loss": 3.0, "rougeL": round(tuned, 4)},
            "loss_reduction": 0.25,
            "difference": {"value": difference, "ci": list(interval), "level": 0.95},
        }
        cloud.put("models", "run=run-7/evaluation/evaluation.json", {**report, **(change or {})})
        cloud.put("models", "run=run-7/evaluation/predictions.jsonl", *lines)
        return handle({"run": run, **event}, context)

    return start


def champion(run_id: str = "run-3") -> dict[str, Any]:
    return {"kind": "sagemaker", "endpoint": "e", "model_package_arn": PACKAGE, "run_id": run_id}


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


def test_what_the_gate_could_not_tell_goes_to_whoever_approves(compare: Compare) -> None:
    gate = {"verdict": "passed", "notes": ["language fr: 4 examples are too few"]}
    assert compare(predictions(FAIR, GOOD), {"gate": gate})["undecided"] == gate["notes"]
    assert compare(predictions(FAIR, GOOD))["undecided"] == []


@pytest.mark.parametrize("gate", [{"verdict": "refused"}, {}])
def test_a_model_that_the_gate_refused_is_not_compared(compare: Compare, gate: dict[str, str]) -> None:
    with pytest.raises(EvaluationIncomplete, match=r"verdict"):
        compare(predictions(FAIR, GOOD), {"gate": gate})


def test_a_worse_challenger_ends_the_run(compare: Compare, cloud: Cloud, run: dict[str, Any]) -> None:
    run["champion"] = champion()
    cloud.put("models", "run=run-3/evaluation/predictions.jsonl", *predictions(POOR, GOOD))

    with pytest.raises(ChallengerIsWorse, match=r"rougeL is 0\.500 below that of the champion of run run-3"):
        compare(predictions(POOR, FAIR))


def test_a_difference_that_may_be_chance_is_neither_better_nor_an_error(compare: Compare) -> None:
    lines = predictions(FAIR, GOOD, count=15) + predictions(GOOD, FAIR, count=15, first=15)

    result = compare(lines)

    assert result["ci"][0] < 0 < result["ci"][1]
    assert result["better"] is False


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


def test_the_registered_package_and_its_artifact_come_with_the_figures(compare: Compare, cloud: Cloud) -> None:
    job = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/pipelines-abc-FineTune-x1"
    cloud.on(
        "sagemaker",
        "ListPipelineExecutionSteps",
        lambda _: {
            "PipelineExecutionSteps": [
                {"StepName": "FineTune", "StepStatus": "Succeeded", "Metadata": {"TrainingJob": {"Arn": job}}},
                {"StepName": "R", "StepStatus": "Succeeded", "Metadata": {"RegisterModel": {"Arn": PACKAGE}}},
            ]
        },
    )
    cloud.on(
        "sagemaker",
        "DescribeTrainingJob",
        lambda p: {
            "TrainingJobName": p["TrainingJobName"],
            "TrainingJobArn": job,
            "ModelArtifacts": {"S3ModelArtifacts": "s3://models/run=run-7/training/j/output/model.tar.gz"},
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "ResourceConfig": {"VolumeSizeInGB": 1},
            "StoppingCondition": {},
            "CreationTime": 0,
        },
    )

    assert compare(predictions(POOR, GOOD), pipeline_execution_arn=ARN)["fine_tuned"] == {
        "model_package_arn": PACKAGE,
        "model_data_url": "s3://models/run=run-7/training/j/output/model.tar.gz",
        "training_job_name": "pipelines-abc-FineTune-x1",
    }


def test_of_a_search_the_best_trial_is_the_training_job(compare: Compare, cloud: Cloud) -> None:
    search = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/abc-FineTune-x1"
    cloud.on(
        "sagemaker",
        "ListPipelineExecutionSteps",
        lambda _: {
            "PipelineExecutionSteps": [
                {"StepName": "FineTune", "StepStatus": "Succeeded", "Metadata": {"TuningJob": {"Arn": search}}},
                {"StepName": "R", "StepStatus": "Succeeded", "Metadata": {"RegisterModel": {"Arn": PACKAGE}}},
            ]
        },
    )
    counters = {"TrainingJobStatusCounters": {}, "ObjectiveStatusCounters": {}}
    config = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    cloud.on(
        "sagemaker",
        "DescribeHyperParameterTuningJob",
        lambda p: {
            "HyperParameterTuningJobName": p["HyperParameterTuningJobName"],
            "HyperParameterTuningJobArn": search,
            "HyperParameterTuningJobConfig": config,
            "HyperParameterTuningJobStatus": "Completed",
            "CreationTime": 0,
            **counters,
            "BestTrainingJob": {
                "TrainingJobName": f"{p['HyperParameterTuningJobName']}-002-ab",
                "TrainingJobArn": search,
                "CreationTime": 0,
                "TrainingJobStatus": "Completed",
                "TunedHyperParameters": {},
            },
        },
    )
    cloud.on(
        "sagemaker",
        "DescribeTrainingJob",
        lambda p: {
            "TrainingJobName": p["TrainingJobName"],
            "TrainingJobArn": search,
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://models/{p['TrainingJobName']}/output/model.tar.gz"},
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "ResourceConfig": {"VolumeSizeInGB": 1},
            "StoppingCondition": {},
            "CreationTime": 0,
        },
    )

    assert compare(predictions(POOR, GOOD), pipeline_execution_arn=ARN)["fine_tuned"] == {
        "model_package_arn": PACKAGE,
        "model_data_url": "s3://models/abc-FineTune-x1-002-ab/output/model.tar.gz",
        "training_job_name": "abc-FineTune-x1-002-ab",
    }


TRAINED = {
    "StepName": "FineTune",
    "StepStatus": "Succeeded",
    "Metadata": {"TrainingJob": {"Arn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/j"}},
}


@pytest.mark.parametrize(
    ("steps", "message"), [([], "ran no training job"), ([TRAINED], "registered no model package")]
)
def test_an_execution_that_registered_nothing_is_not_deployed(
    compare: Compare, cloud: Cloud, steps: list[dict[str, Any]], message: str
) -> None:
    cloud.on("sagemaker", "ListPipelineExecutionSteps", lambda _: {"PipelineExecutionSteps": steps})

    with pytest.raises(EvaluationIncomplete, match=message):
        compare(predictions(POOR, GOOD), pipeline_execution_arn=ARN)


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


def test_a_damaged_prediction_is_named_with_its_line(compare: Compare, cloud: Cloud, run: dict[str, Any]) -> None:
    run["champion"] = champion()
    damaged = predictions(POOR, GOOD)
    damaged[6]["tuned"] = 5
    cloud.put("models", "run=run-3/evaluation/predictions.jsonl", *damaged)

    with pytest.raises(InvalidRecord, match=r"'tuned' must be a string \(s3://models/run=run-3/.*line 7\)"):
        compare(predictions(POOR, GOOD))


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
