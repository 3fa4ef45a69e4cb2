"""Bedrock's branch as templates have it: walked with scripted answers, and what its roles may do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonata  # type: ignore[import-untyped]
import pytest
import yaml

from cdk_app.application import ROOT
from cdk_app.checks import Assembly, Resource, run_checks
from cdk_app.checks.flatten import flatten
from cdk_app.checks.iam.statements import identity_statements
from cdk_app.checks.state_machines.definitions import StateMachine, state_machines
from tests.synth.roles import allowed, resources_of
from tests.synth.test_workflow import RUN, TUNED, failure
from tests.synth.walker import TaskError, Walk, Walker, in_order

NAME = "fourfold-dev-0123456789abcdef"
DEPLOYMENT = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/abcdefghijkl"
THROUGHPUT = "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abcdefghijkl"
CUSTOM = "arn:aws:bedrock:us-east-1:111122223333:custom-model/amazon.nova-micro-v1:0:128k/abcdefghijkl"
PRICE = {"usd_per_1k_input_tokens": 0.01, "usd_per_1k_output_tokens": 0.02}
BASE = {"index": 0, "model": "nova-micro", "model_id": "us.amazon.nova-micro-v1:0", "price": PRICE}
CUSTOMIZATION = {
    "name": NAME,
    "hyperparameters": {"epochCount": "2"},
    "serving": "on-demand",
    "base": BASE,
    "billed_as_base": True,
}
CUSTOMIZING = {
    **RUN,
    "models_prefix": "run=run_1/",
    "tuning": {"MaxRuntimeSeconds": "7200", "TestExamples": "8"},
    "tuning_service": "bedrock",
    "customization": CUSTOMIZATION,
}
ANSWERS: dict[str, Any] = {
    **TUNED,
    "ResolveRun": CUSTOMIZING,
    "CheckTrainingData": {"training_uri": "s3://m/train.jsonl", "validation_uri": None, "training_records": 9},
    "CustomizeModel": {"Status": "Completed"},
    "StopCustomization": {},
    "DescribeCustomization": {"JobArn": "arn:job", "OutputModelArn": CUSTOM, "BaseModelArn": "arn:base"},
    "DeployCustomModel": {"CustomModelDeploymentArn": DEPLOYMENT},
    "DescribeCustomModelDeployment": [{"Status": "Creating"}, {"Status": "Active"}],
    "ExpireThroughput": {"ScheduleArn": "arn:schedule"},
    "ProvisionThroughput": {"ProvisionedModelArn": THROUGHPUT},
    "DescribeThroughput": [{"Status": "Creating"}, {"Status": "InService"}],
    "EvaluateOnTest": [{"predictions_key": "base"}, {"predictions_key": "custom"}],
    "JudgeCustomModel": {"value": 0.9},
    "CompareCustomModel": {"better": True, "fine_tuned": None},
    "FindServedModel": {"CustomModelDeploymentArn": DEPLOYMENT, "ProvisionedModelArn": THROUGHPUT},
    "ReadTarget": {"Parameter": {"Value": "none"}},
    "DeleteServedModel": {},
}


def synthesized(folder: Path, serving: str) -> Assembly:
    document = yaml.safe_load((ROOT / "workflow.yaml").read_text("utf-8"))
    document["data"]["outputs"] = ["chat", "bedrock-conversation"]
    document["tuning"]["bedrock"] = {"model": "nova-micro", "serving": serving, "time_to_live_hours": 48}
    workflow = folder / f"{serving}.yaml"
    workflow.write_text(yaml.safe_dump(document))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    chosen = {"CDK_OUTDIR": str(folder / serving), "CDK_CONTEXT_JSON": json.dumps({"workflow": str(workflow)})}
    subprocess.run([sys.executable, "app.py", "dev"], cwd=ROOT, env=inherited | chosen, check=True)
    return Assembly.read(folder / serving)


@pytest.fixture(scope="module")
def on_demand(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synthesized(tmp_path_factory.mktemp("customization"), "on-demand")


@pytest.fixture(scope="module")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synthesized(tmp_path_factory.mktemp("customization"), "provisioned")


def machine_of(assembly: Assembly) -> StateMachine:
    [machine] = state_machines(assembly)
    return machine


@pytest.fixture
def walk(on_demand: Assembly) -> Callable[..., Walk]:
    def walk_with(**answers: Any) -> Walk:
        return Walker(machine_of(on_demand).definition, {**ANSWERS, **answers}).run()

    return walk_with


@pytest.fixture
def walk_provisioned(provisioned: Assembly) -> Callable[..., Walk]:
    def walk_with(**answers: Any) -> Walk:
        return Walker(machine_of(provisioned).definition, {**ANSWERS, **answers}).run()

    return walk_with


def test_a_run_on_bedrock_goes_from_checked_data_to_a_served_custom_model(walk: Callable[..., Walk]) -> None:
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


def test_the_job_gets_the_checked_data_the_key_and_one_name_for_all(walk: Callable[..., Walk]) -> None:
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


def test_both_models_answer_as_many_test_records_as_the_settings_say(walk: Callable[..., Walk]) -> None:
    base, custom = (request["Payload"] for request in walk().requests["EvaluateOnTest"])
    assert base["candidate"] == BASE
    assert custom["candidate"] == {**BASE, "index": 1, "model": "nova-micro-customized", "model_id": DEPLOYMENT}
    assert base["run"]["sample_size"] == custom["run"]["sample_size"] == 8


def test_a_customized_model_has_its_base_s_price_only_where_it_is_billed_so(walk: Callable[..., Walk]) -> None:
    for known, price in ((True, PRICE), (False, None)):
        customization = {**CUSTOMIZATION, "billed_as_base": known}
        walked = walk(ResolveRun={**CUSTOMIZING, "customization": customization})
        base, custom = (request["Payload"]["candidate"]["price"] for request in walked.requests["EvaluateOnTest"])
        assert (base, custom) == (PRICE, price)


def test_refused_data_ends_the_run_before_anything_is_submitted(walk: Callable[..., Walk]) -> None:
    walked = walk(CheckTrainingData=TaskError("TrainingDataRefused", "part-0.jsonl, line 3: reserved_word"))
    assert "CustomizeModel" not in walked.visited
    assert "line 3" in failure(walked)["error"]["Cause"]
    assert failure(walked)["step"] == "FineTune"


def test_a_job_that_fails_is_explained_and_leaves_nothing_to_take_back(walk: Callable[..., Walk]) -> None:
    walked = walk(CustomizeModel=TaskError("States.TaskFailed", '{"FailureMessage": "why"}'))
    assert "DeleteServedModel" not in walked.visited
    assert walked.requests["StopCustomization"] == [{"JobIdentifier": NAME}]
    assert failure(walked)["error"] == {"Error": "States.TaskFailed", "Cause": '{"FailureMessage": "why"}'}


def test_a_job_that_takes_too_long_is_stopped(walk: Callable[..., Walk]) -> None:
    walked = walk(CustomizeModel=TaskError("States.Timeout"))
    assert walked.requests["StopCustomization"] == [{"JobIdentifier": NAME}]
    assert failure(walked)["error"]["Error"] == "CustomizationTimedOut"


@pytest.mark.parametrize("code", ["ConflictException", "ResourceNotFoundException"])
def test_a_job_that_is_over_or_was_never_made_needs_no_stopping(walk: Callable[..., Walk], code: str) -> None:
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
def test_whatever_fails_after_the_job_takes_back_what_serves_the_model(walk: Callable[..., Walk], state: str) -> None:
    walked = walk(**{state: TaskError("Broken", "why")})
    assert walked.requests["FindServedModel"] == [{"CustomModelDeploymentIdentifier": NAME}]
    assert walked.requests["DeleteServedModel"] == [{"CustomModelDeploymentIdentifier": DEPLOYMENT}]
    assert failure(walked)["error"]["Error"] == "Broken"


def test_a_model_that_was_never_served_needs_no_deleting(walk: Callable[..., Walk]) -> None:
    gone = TaskError("Bedrock.ResourceNotFoundException", "none")
    walked = walk(DeployCustomModel=TaskError("Broken", "why"), FindServedModel=gone)
    assert "DeleteServedModel" not in walked.visited
    assert failure(walked)["error"]["Error"] == "Broken"


def test_a_model_that_the_gateway_still_asks_is_not_deleted_under_it(walk: Callable[..., Walk]) -> None:
    target = {"Parameter": {"Value": json.dumps({"kind": "bedrock", "model_id": DEPLOYMENT})}}
    walked = walk(SmokeTest=TaskError("Broken"), RestoreTarget=TaskError("Ssm.SsmException", "no"), ReadTarget=target)
    assert in_order(walked.visited, "RestoreTarget", "FindServedModel", "ReadTarget", "ServedModelUsed")
    assert "DeleteServedModel" not in walked.visited


def test_a_model_is_not_deleted_where_nobody_can_say_whether_it_is_asked(walk: Callable[..., Walk]) -> None:
    walked = walk(SmokeTest=TaskError("Broken"), ReadTarget=TaskError("Ssm.SsmException", "no"))
    assert "DeleteServedModel" not in walked.visited


def test_a_model_that_bedrock_cannot_serve_is_told_with_its_reason(walk: Callable[..., Walk]) -> None:
    walked = walk(DescribeCustomModelDeployment={"Status": "Failed", "FailureMessage": "no capacity"})
    assert "no capacity" in failure(walked)["error"]["Cause"]
    assert "DeleteServedModel" in walked.visited


@pytest.mark.parametrize("redriven", [True, False])
def test_bedrock_has_its_time_to_serve_again_from_a_redrive(on_demand: Assembly, redriven: bool) -> None:
    past = json.loads(json.dumps(machine_of(on_demand).definition).replace("$millis() + ", "$millis() - "))
    answers = {**ANSWERS, "DescribeCustomModelDeployment": [{"Status": "Creating"}, {"Status": "Active"}]}
    walked = Walker(past, answers, redriven=datetime.now(UTC).isoformat() if redriven else "").run()
    assert walked.succeeded is redriven, walked.cause


def test_a_run_that_does_not_ask_for_bedrock_is_tuned_on_sagemaker(walk: Callable[..., Walk]) -> None:
    walked = walk(ResolveRun={**CUSTOMIZING, "tuning_service": "sagemaker"})
    assert walked.succeeded
    assert in_order(walked.visited, "FineTuneOn", "FineTune", "CompareWithChampion", "PublishModel", "Succeeded")
    assert "CheckTrainingData" not in walked.visited


def test_throughput_has_its_end_before_it_begins(walk_provisioned: Callable[..., Walk]) -> None:
    walked = walk_provisioned()
    assert walked.succeeded, walked.cause
    assert in_order(walked.visited, "ExpireThroughput", "ProvisionThroughput", "DescribeThroughput", "PublishTarget")
    [schedule], [bought] = walked.requests["ExpireThroughput"], walked.requests["ProvisionThroughput"]
    assert schedule["Name"] == bought["ProvisionedModelName"] == NAME
    assert schedule["ScheduleExpression"].startswith("at(20")
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert json.loads(schedule["Target"]["Input"]) == {"name": NAME, "run_id": "run_1"}
    assert "CommitmentDuration" not in bought


def test_throughput_is_not_bought_where_its_end_cannot_be_scheduled(walk_provisioned: Callable[..., Walk]) -> None:
    walked = walk_provisioned(ExpireThroughput=TaskError("Scheduler.ServiceQuotaExceededException", "too many"))
    assert "ProvisionThroughput" not in walked.visited


def test_a_schedule_that_is_there_already_is_moved_whole_to_the_new_end(walk_provisioned: Callable[..., Walk]) -> None:
    there = TaskError("Scheduler.ConflictException", "exists")
    walked = walk_provisioned(ExpireThroughput=there, MoveExpiry={"ScheduleArn": "arn:schedule"})
    assert in_order(walked.visited, "ExpireThroughput", "MoveExpiry", "ProvisionThroughput")
    [asked], [moved] = walked.requests["ExpireThroughput"], walked.requests["MoveExpiry"]
    assert moved.keys() == asked.keys()
    assert moved["State"] == "ENABLED"
    gone = TaskError("Scheduler.ResourceNotFoundException", "it has just run")
    walked = walk_provisioned(ExpireThroughput=there, MoveExpiry=gone)
    assert "ProvisionThroughput" not in walked.visited


def test_a_redrive_after_the_end_buys_nothing(provisioned: Assembly) -> None:
    walker = Walker(machine_of(provisioned).definition, ANSWERS)
    model = machine_of(provisioned).definition["States"]["ProvisionThroughput"]["Arguments"]["ModelId"]
    walker.variables["customized"] = {"model_arn": CUSTOM}
    walker.variables["buy_before"] = time.time() * 1000 + 60_000
    assert walker._render(model, {"input": {}}) == CUSTOM
    walker.variables["buy_before"] = time.time() * 1000 - 60_000
    with pytest.raises(jsonata.JException, match="Start a new run"):
        walker._render(model, {"input": {}})


def test_throughput_is_bought_only_while_its_end_is_well_ahead(provisioned: Assembly) -> None:
    states = machine_of(provisioned).definition["States"]
    for name in ("ExpireThroughput", "MoveExpiry"):
        [added] = re.findall(r"\+ (\d+)", states[name]["Assign"]["buy_before"])
        [end] = re.findall(r"\+ (\d+)", states[name]["Arguments"]["ScheduleExpression"])
        assert int(end) == 48 * 3_600_000
        assert int(end) - int(added) == 1_200_000


def test_the_checks_find_nothing(on_demand: Assembly, provisioned: Assembly) -> None:
    for assembly in (on_demand, provisioned):
        assert [finding for finding in run_checks(assembly) if finding.check != "state-machine-syntax"] == []


def test_without_the_section_nothing_may_customize(assembly: Assembly) -> None:
    text = json.dumps([resource.properties for resource in assembly.resources("AWS::IAM::Policy")])
    assert "ModelCustomizationJob" not in text
    assert "custom-model" not in text


def test_what_ends_throughput_outlives_its_stack_and_is_there_only_where_throughput_is_bought(
    on_demand: Assembly, provisioned: Assembly
) -> None:
    def kept(assembly: Assembly) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for template in assembly.templates.values():
            for name, body in template["Resources"].items():
                if name.startswith("CustomizationExpiry"):
                    found.setdefault(body["Type"], set()).add(body.get("DeletionPolicy", "Delete"))
        return found

    assert kept(on_demand) == {}
    assert kept(provisioned) == {
        "AWS::Lambda::Function": {"RetainExceptOnCreate"},
        "AWS::IAM::Role": {"RetainExceptOnCreate"},
        "AWS::IAM::Policy": {"RetainExceptOnCreate"},
        "AWS::Logs::LogGroup": {"Delete"},
        "AWS::CloudWatch::Alarm": {"Delete"},
    }


def conditions_on(assembly: Assembly, action: str) -> list[dict[str, Any]]:
    """The conditions of the statements that allow an action on things of the account, not on AWS's own models."""
    return [
        statement.body.get("Condition", {})
        for statement in identity_statements(assembly)
        if action in statement.actions
        and any(":foundation-model/" not in str(flatten(one)) for one in statement.resources)
        and any(
            "custom-model" in str(flatten(one)) or "provisioned" in str(flatten(one)) for one in statement.resources
        )
    ]


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("InvokeModel", "ResourceTag"),
        ("DeleteProvisionedModelThroughput", "ResourceTag"),
        ("CreateProvisionedModelThroughput", "ResourceTag"),
        ("DeleteCustomModelDeployment", "ResourceTag"),
        ("CreateCustomModelDeployment", "ResourceTag"),
        ("TagResource", "RequestTag"),
    ],
)
def test_what_others_have_customized_in_the_account_is_neither_asked_nor_deleted(
    on_demand: Assembly, provisioned: Assembly, action: str, key: str
) -> None:
    found = [one for assembly in (on_demand, provisioned) for one in conditions_on(assembly, f"bedrock:{action}")]
    assert found
    for conditions in found:
        assert conditions == {"StringEquals": {f"aws:{key}/project": "fourfold", f"aws:{key}/environment": "dev"}}


def test_roles_of_jobs_and_schedules_are_for_their_services_and_this_account(provisioned: Assembly) -> None:
    trusted = {}
    for role in provisioned.resources("AWS::IAM::Role"):
        [statement] = role.properties["AssumeRolePolicyDocument"]["Statement"]
        trusted[statement["Principal"].get("Service")] = statement.get("Condition", {})
    assert "aws:SourceAccount" in trusted["bedrock.amazonaws.com"]["StringEquals"]
    assert "model-customization-job/*" in json.dumps(trusted["bedrock.amazonaws.com"]["ArnLike"])
    assert "aws:SourceAccount" in trusted["scheduler.amazonaws.com"]["StringEquals"]


def roles_that_may(assembly: Assembly, action: str) -> set[str]:
    """Logical ids of the roles that are allowed an action on anything."""
    return {
        role.logical_id
        for role in assembly.resources("AWS::IAM::Role")
        if resources_of(action, allowed(assembly, Resource(role.stack, role.logical_id, role.type)))
    }


def test_whoever_asks_a_custom_model_may_not_hand_its_key_on(on_demand: Assembly) -> None:
    granting = roles_that_may(on_demand, "kms:CreateGrant")
    [machine] = [name for name in granting if name.startswith("Role")]
    assert machine not in roles_that_may(on_demand, "bedrock:InvokeModel")
    assert not granting & roles_that_may(on_demand, "bedrock:InvokeModel")


def nova_statements(assembly: Assembly) -> list[dict[str, Any]]:
    """The statements of the key's policy that are for Bedrock."""
    [key] = assembly.resources("AWS::KMS::Key")
    statements = key.properties["KeyPolicy"]["Statement"]
    return [one for one in statements if "bedrock" in json.dumps(one["Principal"])]


def test_the_key_lets_bedrock_make_a_nova_model_ready_for_throughput_and_for_nothing_else(
    on_demand: Assembly, provisioned: Assembly
) -> None:
    assert nova_statements(on_demand) == []
    [statement] = nova_statements(provisioned)
    assert statement["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}
    }


def test_only_the_function_of_the_branch_sees_the_test_split(on_demand: Assembly) -> None:
    seeing = set()
    for role in on_demand.resources("AWS::IAM::Role"):
        pairs = allowed(on_demand, Resource(role.stack, role.logical_id, role.type))
        if any("/test/*" in resource for resource in resources_of("s3:GetObject", pairs)):
            seeing.add(role.logical_id)
    assert any("EvaluateCustomModel" in name for name in seeing)
    assert not any("CheckTrainingData" in name or "JudgeCustom" in name for name in seeing)
