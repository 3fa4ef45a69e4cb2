"""The registered package gets a card by the service's schema: data, code, settings, figures with intervals, cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.shared.errors import EvaluationIncomplete
from lambdas.write_model_card.handler import handle
from twin.sagemaker.model_cards import problems

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/fourfold-dev-fine-tune/execution/abc123def456"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/fourfold-dev/3"
TRAINING = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/pipelines-abc-finetune-x"
EVALUATION = "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/pipelines-abc-evaluate-y"


def held(name: str, verdict: str) -> dict[str, Any]:
    figure = {"value": 0.3, "ci": [0.2, 0.4]}
    difference = {"value": 0.1, "ci": [0.05, 0.15], "level": 0.95}
    common = {"name": name, "examples": 20, "base": figure, "tuned": figure, "difference": difference}
    return {**common, "verdict": verdict, "words": f"{name}: 0.200 → 0.300"}


REPORT = {
    "metric": "rougeL",
    "examples": 64,
    "base": {"loss": 3.6, "value": 0.16, "rougeL": 0.16, "ci": [0.14, 0.19]},
    "tuned": {"loss": 2.6, "value": 0.27, "rougeL": 0.27, "ci": [0.23, 0.31]},
    "loss_reduction": 0.29,
    "loss_reduction_ci": [0.25, 0.33],
    "difference": {"value": 0.11, "ci": [0.07, 0.15], "level": 0.95},
    "blind": {"copying the text": 0.15},
    "slices": [{"kind": "length", **held("length short, 1-9 words", "kept")}],
    "general": held("the general questions", "kept"),
    "leak": {"train_records": 700, "count": 0},
    "gate": {"verdict": "passed", "notes": ["language fr: 4 examples are too few to judge by"]},
}
COMPARISON = {
    "champion": {"kind": "base", "note": "There is no champion yet."},
    "difference": 0.11,
    "ci": [0.07, 0.15],
    "fine_tuned": {"model_package_arn": PACKAGE, "training_job_name": "pipelines-abc-finetune-x"},
}
Write = Callable[..., dict[str, Any]]


def channel(name: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://c/{name}/"}}}


@pytest.fixture
def write(cloud: Cloud, context: Context, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write the card of a run and give its content."""
    for name, value in {"CURATED_BUCKET": "curated", "MODELS_BUCKET": "models", "CREATOR": "pipeline x"}.items():
        monkeypatch.setenv(name, value)
    run["tuning"] |= {"TestData": "s3://curated/news/run=run-7/test", "BaseModel": "s3://models/base/smollm2"}
    cloud.put("curated", "news/run=run-7/manifest.json", {"kept": 100})
    training = {
        "TrainingJobName": "pipelines-abc-finetune-x",
        "TrainingJobArn": TRAINING,
        "ModelArtifacts": {"S3ModelArtifacts": "s3://models/run=run-7/training/model.tar.gz"},
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "HyperParameters": {"epochs": "1", "sagemaker_submit_directory": '"s3://assets/0123abcd.tar.gz"'},
        "AlgorithmSpecification": {"TrainingImage": "image:tag", "TrainingInputMode": "File"},
        "InputDataConfig": [channel(name) for name in ("train", "validation", "model")],
        "ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50},
        "StoppingCondition": {"MaxRuntimeInSeconds": 7200},
        "CreationTime": 0,
        "BillableTimeInSeconds": 900,
    }
    steps = [
        {"StepName": "FineTune", "Metadata": {"TrainingJob": {"Arn": TRAINING}}},
        {"StepName": "Evaluate", "Metadata": {"ProcessingJob": {"Arn": EVALUATION}}},
    ]
    cloud.on("sagemaker", "DescribeTrainingJob", lambda _: training)
    cloud.on("sagemaker", "ListPipelineExecutionSteps", lambda _: {"PipelineExecutionSteps": steps})
    cloud.on("sagemaker", "UpdateModelPackage", lambda _: {"ModelPackageArn": PACKAGE})

    def start(
        report: dict[str, Any] | None = None, trained: dict[str, Any] | None = None, **compared: Any
    ) -> dict[str, Any]:
        training.update(trained or {})
        cloud.put("models", "run=run-7/evaluation/evaluation.json", report or REPORT)
        event = {"run": run, "pipeline_execution_arn": EXECUTION, "comparison": COMPARISON | compared}
        assert handle(event, context) == {"model_package_arn": PACKAGE, "status": "PendingReview"}
        [asked] = cloud.called("sagemaker", "UpdateModelPackage")
        assert asked["ModelPackageArn"] == PACKAGE
        assert problems(asked["ModelCard"]["ModelCardContent"]) == []
        card: dict[str, Any] = json.loads(asked["ModelCard"]["ModelCardContent"])
        assert cloud.document("models", "run=run-7/evaluation/model_card.json") == card
        return card

    return start


def test_the_card_has_data_code_settings_and_figures_with_their_intervals(write: Write, cloud: Cloud) -> None:
    card = write()

    details = card["additional_information"]["custom_details"]
    manifest = cloud.objects["curated", "news/run=run-7/manifest.json"]
    assert details["data_manifest_sha256"] == hashlib.sha256(manifest).hexdigest()
    assert details["training_code"] == "s3://assets/0123abcd.tar.gz"
    job = card["training_details"]["training_job_details"]
    assert job["training_datasets"] == ["s3://c/train/", "s3://c/validation/"]
    assert job["hyper_parameters"] == [{"name": "epochs", "value": "1"}]
    [evaluation] = card["evaluation_details"]
    assert evaluation["evaluation_job_arn"] == EVALUATION
    figures = {m["name"]: m for group in evaluation["metric_groups"] for m in group["metric_data"]}
    assert figures["tuned rougeL"]["value"] == 0.27
    assert figures["tuned rougeL"]["notes"] == "95 % interval 0.2300 to 0.3100"
    assert figures["tuned better than champion (base) by"]["value"] == 0.11
    assert figures["length short, 1-9 words"]["notes"].startswith("kept; 20 examples; ")
    assert "the general questions" in figures
    assert "language fr: 4 examples are too few" in card["additional_information"]["caveats_and_recommendations"]


def test_the_cost_is_told_where_the_price_is_known_and_the_seconds_where_it_is_not(
    write: Write, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    cost = write()["additional_information"]["custom_details"]["training_cost"]
    assert cost == "900 s of 1 ml.g5.xlarge; its price is not known here (tuning.usd_per_hour)"
    for kind, words in (("ml.g5.xlarge", "$0.3500: 900 s of 1 ml.g5.xlarge at $1.4 an hour"), ("ml.c7i.xlarge", cost)):
        cloud.calls.clear()
        monkeypatch.setenv("PRICED_INSTANCE_TYPE", kind)
        monkeypatch.setenv("USD_PER_HOUR", "1.4")
        assert write()["additional_information"]["custom_details"]["training_cost"] == words


def test_the_card_says_with_whom_the_model_was_compared(write: Write, cloud: Cloud) -> None:
    assert write()["additional_information"]["custom_details"]["comparison"] == "There is no champion yet."
    cloud.calls.clear()
    card = write(champion={"kind": "sagemaker", "run_id": "run-3", "value": 0.2, "note": ""})
    assert card["additional_information"]["custom_details"]["comparison"] == "with the model in use"


def test_long_texts_are_cut_to_what_the_schema_holds(write: Write, run: dict[str, Any]) -> None:
    run["task"]["instruction"] = "x" * 5000
    notes = {**REPORT["gate"], "notes": ["y" * 3000]}  # type: ignore[dict-item]

    card = write({**REPORT, "gate": notes})

    assert len(card["intended_uses"]["purpose_of_model"]) == 2048


def test_a_report_without_a_figure_writes_no_card(write: Write, cloud: Cloud) -> None:
    with pytest.raises(EvaluationIncomplete, match="'ci' is missing"):
        write({**REPORT, "tuned": {"loss": 2.6, "value": 0.27}})
    assert cloud.called("sagemaker", "UpdateModelPackage") == []


def test_a_card_of_texts_names_their_measure_and_no_floor(write: Write) -> None:
    perplexity = {
        "base": {"loss": 3.6, "value": 36.6, "ci": [30, 40]},
        "tuned": {"loss": 2.6, "value": 13.5, "ci": [9, 20]},
    }
    details = write({**REPORT, "metric": "perplexity", **perplexity})["evaluation_details"][0]
    assert details["metadata"]["metric"] == "perplexity"
    assert "floor" not in details["metadata"]
    assert details["metric_groups"][0]["name"] == "perplexity"
    assert {"base perplexity", "tuned perplexity"} <= {
        one["name"] for one in details["metric_groups"][0]["metric_data"]
    }


def test_a_card_of_preferences_says_how_often_the_chosen_answer_is_likelier(write: Write) -> None:
    change = {"value": 0.4, "ci": [0.3, 0.5], "level": 0.95}
    gain = {"name": "dpo", "measure": "preference_accuracy", "base": 0.5, "tuned": 0.9, "difference": change}
    groups = write({**REPORT, "objective": gain})["evaluation_details"][0]["metric_groups"]
    [own] = [group for group in groups if group["name"] == "objective dpo"]
    assert [figure["value"] for figure in own["metric_data"]] == [0.5, 0.9, 0.4]


def test_what_a_search_chose_is_not_listed_as_the_run_gave_it(
    write: Write, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCHED_PARAMETERS", "LearningRate,Epochs")
    run["tuning"] |= {"LearningRate": "0.0005", "Epochs": "3", "Seed": "13"}

    job = write()["training_details"]["training_job_details"]

    given = {one["name"] for one in job["user_provided_hyper_parameters"]}
    assert "Seed" in given
    assert not given & {"LearningRate", "Epochs"}
    assert job["hyper_parameters"] == [{"name": "epochs", "value": "1"}]


def test_after_a_search_the_card_says_that_the_cost_is_of_one_trial(write: Write) -> None:
    job = {"TuningJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/s"}
    parameters = {
        "epochs": "1",
        "_tuning_objective_metric": "validation_loss",
        "sagemaker_submit_directory": '"s3://a/b"',
    }
    content = write(REPORT, {**job, "HyperParameters": parameters})
    assert "the best trial of a search alone" in json.dumps(content)
    assert "_tuning" not in json.dumps(content)
