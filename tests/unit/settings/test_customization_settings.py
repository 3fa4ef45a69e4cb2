"""Customization that a model, its region or the data does not allow is refused early, with what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cdk_app.catalogue import BEDROCK_CUSTOMIZABLE, TRAINING_DATA, customization
from cdk_app.settings import Problem, Settings, customized_model_id, load_settings, run_settings
from cdk_app.settings.placement import unanswered
from pipelines.formats.limits import rows_of
from pipelines.formats.outputs import LINE_OUTPUTS

Document = dict[str, Any]
Problems = Callable[..., list[Problem]]
Load = Callable[..., Settings]


@pytest.fixture
def customizing(document: Document) -> Callable[..., Document]:
    """A file that customizes, with what is given."""

    def change(model: str = "nova-micro", outputs: tuple[str, ...] = (), **bedrock: Any) -> Document:
        document["data"]["outputs"] = ["chat", *(outputs or ("bedrock-conversation",))]
        document["tuning"] = {"service": "bedrock", "bedrock": {"model": model, **bedrock}}
        return document

    return change


def test_a_workflow_customizes_what_the_model_allows(load: Load, customizing: Callable[..., Document]) -> None:
    settings = load(customizing(epochs=3, learning_rate=0.00001))
    assert customized_model_id(settings) == "amazon.nova-micro-v1:0:128k"
    tuning = run_settings(settings)["defaults"]["tuning"]
    assert tuning["service"] == "bedrock"
    assert tuning["bedrock"]["hyperparameters"] == {"epochCount": "3", "learningRate": "0.00001"}
    assert tuning["bedrock"]["format"] == "bedrock-conversation"


@pytest.mark.parametrize(
    ("model", "outputs", "bedrock", "known"),
    [
        ("nova-micro", "bedrock-conversation", {}, True),
        ("nova-micro", "bedrock-conversation", {"serving": "provisioned", "time_to_live_hours": 200}, False),
        ("llama-3-3-70b-instruct", "bedrock-conversation", {}, False),
    ],
)
def test_a_customized_model_costs_what_its_base_does_only_where_a_source_says_so(
    load: Load, customizing: Callable[..., Document], model: str, outputs: str, bedrock: Document, known: bool
) -> None:
    settings = load(customizing(model, (outputs,), **bedrock))
    assert run_settings(settings)["defaults"]["tuning"]["bedrock"]["billed_as_base"] is known


def test_a_run_may_choose_bedrock_only_where_the_settings_say_what_to_customize(
    load: Load, document: Document, customizing: Callable[..., Document]
) -> None:
    assert run_settings(load(document))["bounds"]["tuning.service"]["choices"] == ["sagemaker"]
    bounds = run_settings(load(customizing()))["bounds"]
    assert bounds["tuning.service"]["choices"] == ["sagemaker", "bedrock"]


@pytest.mark.parametrize(
    ("model", "bedrock", "key", "said", "remedy"),
    [
        ("smollm2-135m-instruct", {}, "model", "has no customization on Bedrock", "Did you mean"),
        ("nova-micro", {"method": "continued-pre-training"}, "method", "offers no continued-pre", "fine-tuning"),
        ("nova-pro", {"method": "distillation", "teacher": "nova-pro"}, "method", "no distillation", "nova-micro or"),
        ("nova-micro", {"method": "distillation"}, "teacher", "needs a teacher", "nova-pro"),
        ("nova-micro", {"teacher": "nova-pro"}, "teacher", "has no teacher", "Remove it"),
        ("nova-micro", {"epochs": 9}, "epochs", "9 is no `epochCount`", "Give 1 to 5"),
        ("nova-micro", {"batch_size": 8}, "batch_size", "is not known to take `batchSize`", "Remove it"),
        ("nova-2-lite", {"epochs": 2}, "epochs", "is not known to take", "own default"),
        (
            "nova-micro",
            {"serving": "provisioned", "time_to_live_hours": 29},
            "time_to_live_hours",
            "approval up to 24",
            "Make it 30 or more, or lower `approval_timeout_hours`",
        ),
    ],
)
def test_what_the_model_does_not_allow_is_refused_with_a_remedy(
    problems: Problems,
    customizing: Callable[..., Document],
    model: str,
    bedrock: dict[str, Any],
    key: str,
    said: str,
    remedy: str,
) -> None:
    found = problems(customizing(model, **bedrock))
    [problem] = [one for one in found if one.key == f"tuning.bedrock.{key}"]
    assert said in problem.message
    assert remedy in problem.remedy


def test_what_is_not_served_on_demand_must_be_bought_by_the_hour_on_purpose(
    problems: Problems, load: Load, customizing: Callable[..., Document]
) -> None:
    llama = customizing("llama-3-1-8b-instruct", ("bedrock-prompt-completion",))
    [problem] = problems(llama)
    assert problem.key == "tuning.bedrock.serving"
    assert "bills by the hour" in problem.message
    llama["tuning"]["bedrock"] |= {"serving": "provisioned", "time_to_live_hours": 48}
    assert load(llama).tuning.bedrock


def test_throughput_outlives_provisioning_evaluation_and_rollout_even_where_nobody_approves(
    problems: Problems, load: Load, customizing: Callable[..., Document]
) -> None:
    document = customizing("nova-micro", serving="provisioned", time_to_live_hours=5)
    document["approval"] = "automatic"
    [problem] = problems(document)
    assert problem.remedy == "Make it 6 or more."
    document["tuning"]["bedrock"]["time_to_live_hours"] = 6
    assert load(document).tuning.bedrock


def test_the_model_s_format_must_be_written(problems: Problems, customizing: Callable[..., Document]) -> None:
    [problem] = problems(customizing(outputs=("parquet",)))
    assert problem.key == "data.outputs"
    assert "`bedrock-conversation`" in problem.remedy


def test_fewer_test_records_than_the_customized_model_is_judged_by_are_refused_and_a_small_sample_is_not(
    load: Load, problems: Problems, customizing: Callable[..., Document]
) -> None:
    document = customizing()
    document["selection"]["sample_size"] = 8  # validation records, which the judge does not ask
    assert run_settings(load(document))["bounds"]["tuning.test_examples"]["minimum"] == 16
    document["tuning"]["test_examples"] = 15
    [problem] = problems(document)
    assert (problem.key, problem.remedy) == ("tuning.test_examples", "Write a whole number from 16 to 10000.")


def test_bedrock_without_a_model_to_customize_is_refused(problems: Problems, document: Document) -> None:
    document["tuning"] = {"service": "bedrock"}
    [problem] = problems(document)
    assert problem.key == "tuning.service"


def test_a_region_that_does_not_offer_it_is_refused_with_those_that_do(
    tmp_path: Path, customizing: Callable[..., Document]
) -> None:
    path = tmp_path / "workflow.yaml"
    path.write_text(json.dumps(customizing()))
    settings = load_settings(path, "dev")
    assert not list(unanswered(settings, path, "us-east-1"))
    found = [str(problem) for problem in unanswered(settings, path, "us-west-2")]
    assert any("no fine-tuning of `nova-micro` in us-west-2" in problem for problem in found)
    assert any(problem.endswith("deploy to us-east-1.") for problem in found)


@pytest.mark.parametrize("key", BEDROCK_CUSTOMIZABLE)
def test_formats_and_limits_are_those_that_the_check_knows(key: str) -> None:
    assert LINE_OUTPUTS[TRAINING_DATA[key]].format in {row.format for row in rows_of(key)}
    facts = customization(key, "fine-tuning")
    assert facts
    assert facts.regions
    assert facts.base_model_id
