"""Bedrock's branch of the state machine, walked with scripted answers: the way through it, and the ways out."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from cdk_app.checks import Assembly
from tests.synth.customization.scripted_job import ANSWERS, BASE, CUSTOMIZATION, CUSTOMIZING, DEPLOYMENT, NAME, PRICE
from tests.synth.scripted_run import Walking, failure, machine_of
from tests.synth.walker import TaskError, Walker, in_order


def test_a_run_on_bedrock_goes_from_checked_data_to_a_served_custom_model(walk: Walking) -> None:
    walked = walk()
    assert walked.succeeded, walked.cause
    assert in_order(
        walked.visited,
        "SelectModel",
        "NeedsTuning",
        "FineTuneOn",
        "CheckTrainingData",
        "CustomizeModel",
        "DescribeCustomization",
        "DeployCustomModel",
        "WaitForCustomModel",
        "DescribeCustomModelDeployment",
        "CustomModelServed",
        "EvaluateCustomModel",
        "JudgeCustomModel",
        "CompareCustomModel",
        "AwaitApproval",
        "ClaimRollout",
        "Deploy",
        "PublishTarget",
        "SmokeTest",
        "Record",
        "Succeeded",
    )
    assert not {"FineTune", "ApproveModelPackage", "UpdateServing", "DeleteServedModel"} & set(walked.visited)
    assert json.loads(walked.requests["PublishTarget"][0]["Value"]) == {
        "kind": "bedrock",
        "model_id": DEPLOYMENT,
        "strategy": "zero-shot",
        "serving": "on-demand",
        "run_id": "run_1",
    }


def test_the_job_gets_the_checked_data_the_key_and_one_name_for_all(walk: Walking) -> None:
    [request] = walk().requests["CustomizeModel"]
    assert request["JobName"] == request["CustomModelName"] == NAME
    assert request["BaseModelIdentifier"].endswith("::foundation-model/amazon.nova-micro-v1:0:128k")
    assert request["TrainingDataConfig"] == {"S3Uri": "s3://m/train.jsonl"}
    assert request["ValidationDataConfig"] == {"Validators": []}
    assert request["OutputDataConfig"]["S3Uri"].endswith("/customization/run_1/output/")
    assert request["HyperParameters"] == {"epochCount": "2"}
    assert request["CustomModelKmsKeyId"]
    tags = {tag["Key"]: tag["Value"] for tag in request["JobTags"]}
    assert tags == {"project": "fourfold", "environment": "dev", "run": "run_1"}


def test_an_execution_that_is_redriven_from_the_job_asks_for_another_one(on_demand: Assembly) -> None:
    walker = Walker(machine_of(on_demand).definition, ANSWERS)
    walker._context["Execution"]["RedriveCount"] = 1
    walked = walker.run()
    assert walked.requests["CustomizeModel"][0]["JobName"] == f"{NAME}-1"
    assert walked.requests["DescribeCustomization"][0]["JobIdentifier"] == f"{NAME}-1"
    assert walked.requests["DeployCustomModel"][0]["ModelDeploymentName"] == NAME


def test_both_models_answer_as_many_test_records_as_the_settings_say(walk: Walking) -> None:
    base, custom = (request["Payload"] for request in walk().requests["EvaluateOnTest"])
    assert base["candidate"] == BASE
    assert custom["candidate"] == {**BASE, "index": 1, "model": "nova-micro-customized", "model_id": DEPLOYMENT}
    assert base["run"]["sample_size"] == custom["run"]["sample_size"] == 8


def test_a_customized_model_has_its_base_s_price_only_where_it_is_billed_so(walk: Walking) -> None:
    for known, price in ((True, PRICE), (False, None)):
        customization = {**CUSTOMIZATION, "billed_as_base": known}
        walked = walk(ResolveRun={**CUSTOMIZING, "customization": customization})
        base, custom = (request["Payload"]["candidate"]["price"] for request in walked.requests["EvaluateOnTest"])
        assert (base, custom) == (PRICE, price)


def test_refused_data_ends_the_run_before_anything_is_submitted(walk: Walking) -> None:
    walked = walk(CheckTrainingData=TaskError("TrainingDataRefused", "part-0.jsonl, line 3: reserved_word"))
    assert "CustomizeModel" not in walked.visited
    assert "line 3" in failure(walked)["error"]["Cause"]
    assert failure(walked)["step"] == "FineTune"


def test_a_job_that_fails_is_explained_and_leaves_nothing_to_take_back(walk: Walking) -> None:
    walked = walk(CustomizeModel=TaskError("States.TaskFailed", '{"FailureMessage": "why"}'))
    assert "DeleteServedModel" not in walked.visited
    assert walked.requests["StopCustomization"] == [{"JobIdentifier": NAME}]
    assert failure(walked)["error"] == {"Error": "States.TaskFailed", "Cause": '{"FailureMessage": "why"}'}


def test_a_job_that_takes_too_long_is_stopped(walk: Walking) -> None:
    walked = walk(CustomizeModel=TaskError("States.Timeout"))
    assert walked.requests["StopCustomization"] == [{"JobIdentifier": NAME}]
    assert failure(walked)["error"]["Error"] == "CustomizationTimedOut"


@pytest.mark.parametrize("code", ["ConflictException", "ResourceNotFoundException"])
def test_a_job_that_is_over_or_was_never_made_needs_no_stopping(walk: Walking, code: str) -> None:
    walked = walk(CustomizeModel=TaskError("Broken", "why"), StopCustomization=TaskError(f"Bedrock.{code}", "no"))
    assert failure(walked)["error"] == {"Error": "Broken", "Cause": "why"}
    assert failure(walked)["first"] is None


@pytest.mark.parametrize("state", ["DeployCustomModel", "DescribeCustomization", "StopCustomization"])
def test_calls_to_bedrock_wait_out_throttling_and_its_own_faults(on_demand: Assembly, state: str) -> None:
    retried = machine_of(on_demand).definition["States"][state]["Retry"][0]["ErrorEquals"]
    assert {"Bedrock.ThrottlingException", "Bedrock.InternalServerException"} <= set(retried)


@pytest.mark.parametrize(
    "state",
    ["DeployCustomModel", "EvaluateOnTest", "JudgeCustomModel", "CompareCustomModel", "AwaitApproval", "SmokeTest"],
)
def test_whatever_fails_after_the_job_takes_back_what_serves_the_model(walk: Walking, state: str) -> None:
    walked = walk(**{state: TaskError("Broken", "why")})
    assert walked.requests["FindServedModel"] == [{"CustomModelDeploymentIdentifier": NAME}]
    assert walked.requests["DeleteServedModel"] == [{"CustomModelDeploymentIdentifier": DEPLOYMENT}]
    assert failure(walked)["error"]["Error"] == "Broken"


def test_a_model_that_was_never_served_needs_no_deleting(walk: Walking) -> None:
    gone = TaskError("Bedrock.ResourceNotFoundException", "none")
    walked = walk(DeployCustomModel=TaskError("Broken", "why"), FindServedModel=gone)
    assert "DeleteServedModel" not in walked.visited
    assert failure(walked)["error"]["Error"] == "Broken"


def test_a_model_that_the_gateway_still_asks_is_not_deleted_under_it(walk: Walking) -> None:
    target = {"Parameter": {"Value": json.dumps({"kind": "bedrock", "model_id": DEPLOYMENT})}}
    walked = walk(SmokeTest=TaskError("Broken"), RestoreTarget=TaskError("Ssm.SsmException", "no"), ReadTarget=target)
    assert in_order(walked.visited, "RestoreTarget", "FindServedModel", "ReadTarget", "ServedModelUsed")
    assert "DeleteServedModel" not in walked.visited


def test_a_model_is_not_deleted_where_nobody_can_say_whether_it_is_asked(walk: Walking) -> None:
    walked = walk(SmokeTest=TaskError("Broken"), ReadTarget=TaskError("Ssm.SsmException", "no"))
    assert "DeleteServedModel" not in walked.visited


def test_a_model_that_bedrock_cannot_serve_is_told_with_its_reason(walk: Walking) -> None:
    walked = walk(DescribeCustomModelDeployment={"Status": "Failed", "FailureMessage": "no capacity"})
    assert "no capacity" in failure(walked)["error"]["Cause"]
    assert "DeleteServedModel" in walked.visited


@pytest.mark.parametrize("redriven", [True, False])
def test_bedrock_has_its_time_to_serve_again_from_a_redrive(on_demand: Assembly, redriven: bool) -> None:
    past = json.loads(json.dumps(machine_of(on_demand).definition).replace("$millis() + ", "$millis() - "))
    answers = {**ANSWERS, "DescribeCustomModelDeployment": [{"Status": "Creating"}, {"Status": "Active"}]}
    walked = Walker(past, answers, redriven=datetime.now(UTC).isoformat() if redriven else "").run()
    assert walked.succeeded is redriven, walked.cause


def test_a_run_that_does_not_ask_for_bedrock_is_tuned_on_sagemaker(walk: Walking) -> None:
    walked = walk(ResolveRun={**CUSTOMIZING, "tuning_service": "sagemaker"})
    assert walked.succeeded
    assert in_order(walked.visited, "FineTuneOn", "FineTune", "CompareWithChampion", "PublishModel", "Succeeded")
    assert "CheckTrainingData" not in walked.visited
