"""A model's roll-out in the state machine: the update of its endpoint, and the way back when it fails."""

from __future__ import annotations

import json

import pytest

from tests.synth.scripted_run import FORMER, FORMER_MODEL, GOOD_ENOUGH, PACKAGE, RUN, Walking, failure
from tests.synth.walker import TaskError, in_order


def test_a_stack_that_already_is_as_it_should_be_is_no_failure(walk: Walking) -> None:
    walked = walk(UpdateServing=TaskError("CloudFormation.CloudFormationException", "No updates are to be performed."))
    assert walked.succeeded
    assert "DescribeServing" not in walked.visited


def test_an_update_that_cloudformation_rolled_back_says_which_resource_failed(walk: Walking) -> None:
    events = [
        {"LogicalResourceId": "Stack", "ResourceStatus": "UPDATE_ROLLBACK_COMPLETE"},
        {"LogicalResourceId": "Endpoint", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "quota of 0"},
    ]
    walked = walk(
        DescribeServing={"Stacks": [{"StackStatus": "UPDATE_ROLLBACK_COMPLETE"}]},
        ExplainServing={"StackEvents": events},
    )
    assert failure(walked)["step"] == "Deploy"
    assert failure(walked)["error"] == {
        "Error": "ServingUpdateFailed",
        "Cause": "The serving stack is UPDATE_ROLLBACK_COMPLETE. Endpoint: quota of 0",
    }
    assert "SmokeTest" not in walked.visited


def test_a_failed_smoke_test_brings_the_former_model_back_before_the_run_fails(walk: Walking) -> None:
    run = {**RUN, "champion": FORMER, "champion_model_data_url": FORMER_MODEL}
    walked = walk(ResolveRun=run, SmokeTest=TaskError("SmokeTestFailed", "503"), UpdateFormerServing={"StackId": "id"})
    assert in_order(
        walked.visited,
        "SmokeTest",
        "RestoreTarget",
        "RestoreModel",
        "UpdateFormerServing",
        "DescribeFormerServing",
        "RejectModelPackage",
        "ExplainFailure",
        "RunFailed",
    )
    assert json.loads(walked.requests["RestoreTarget"][0]["Value"]) == FORMER
    assert walked.requests["RestoreModel"][0]["Value"] == FORMER_MODEL
    assert walked.requests["RejectModelPackage"][0]["ModelApprovalStatus"] == "Rejected"
    assert failure(walked)["error"] == {"Error": "SmokeTestFailed", "Cause": "503"}


@pytest.mark.parametrize("state", ["PublishModel", "UpdateServing", "DescribeServing", "PublishTarget"])
def test_a_roll_out_that_breaks_half_way_is_taken_back(walk: Walking, state: str) -> None:
    walked = walk(**{state: TaskError("Broken", "because")})
    assert in_order(walked.visited, state, "RestoreTarget", "RestoreModel", "RejectModelPackage", "RunFailed")


def test_rolling_back_the_first_model_ever_leaves_nothing_approved(walk: Walking) -> None:
    walked = walk(SmokeTest=TaskError("SmokeTestFailed", "503"))
    assert walked.requests["RestoreTarget"][0]["Value"] == "none"
    assert walked.requests["RestoreModel"][0]["Value"] == "none"
    assert failure(walked)["error"]["Error"] == "SmokeTestFailed"


def test_rolling_back_a_foundation_model_touches_no_endpoint(walk: Walking) -> None:
    walked = walk(**GOOD_ENOUGH, SmokeTest=TaskError("SmokeTestFailed", "503"))
    assert "RestoreTarget" in walked.visited
    assert not {"RestoreModel", "UpdateFormerServing", "RejectModelPackage"} & set(walked.visited)


SUCCEEDED_BY_BEDROCK = {
    **GOOD_ENOUGH,
    "ResolveRun": {**RUN, "champion": FORMER, "champion_model_data_url": FORMER_MODEL},
}


def test_an_endpoint_whose_model_was_succeeded_by_a_foundation_model_goes(walk: Walking) -> None:
    walked = walk(**SUCCEEDED_BY_BEDROCK)
    assert walked.requests["RetireModel"][0]["Value"] == "none"
    assert in_order(walked.visited, "PublishTarget", "SmokeTest", "RetireModel", "UpdateRetiredServing", "Record")
    assert walked.succeeded


def test_an_endpoint_that_cannot_be_removed_fails_the_run_but_keeps_the_new_model(walk: Walking) -> None:
    walked = walk(**SUCCEEDED_BY_BEDROCK, UpdateRetiredServing=TaskError("Broken", "because"))
    assert failure(walked)["step"] == "Deploy"
    assert "RestoreTarget" not in walked.visited


def test_a_tuned_model_keeps_the_endpoint(walk: Walking) -> None:
    walked = walk(ResolveRun=SUCCEEDED_BY_BEDROCK["ResolveRun"])
    assert walked.succeeded
    assert "RetireModel" not in walked.visited


@pytest.mark.parametrize("state", ["RestoreTarget", "RestoreModel", "UpdateFormerServing", "DescribeFormerServing"])
def test_a_roll_back_that_fails_leaves_no_approved_package_and_says_what_failed_first(
    walk: Walking, state: str
) -> None:
    walked = walk(
        **{"SmokeTest": TaskError("SmokeTestFailed", "503"), "UpdateFormerServing": {"StackId": "id"}}
        | {state: TaskError("Broken", "because")}
    )
    assert walked.requests["RejectModelPackage"][0]["ModelPackageArn"] == PACKAGE
    assert failure(walked)["step"] == "RollBack"
    assert failure(walked)["error"] == {"Error": "Broken", "Cause": "because"}
    assert failure(walked)["first"] == {
        "step": "SmokeTest",
        "error": {"Error": "SmokeTestFailed", "Cause": "503"},
    }


def test_a_refused_update_without_a_cause_is_taken_back_like_any_other(walk: Walking) -> None:
    refused = TaskError("CloudFormation.SdkClientException")
    del refused.output["Cause"]
    walked = walk(UpdateServing=refused)
    assert in_order(walked.visited, "UpdateServing", "RestoreTarget", "RejectModelPackage", "RunFailed")
    assert failure(walked)["error"] == {"Error": "CloudFormation.SdkClientException"}


def test_an_alarm_that_rings_for_the_former_model_does_not_forbid_to_replace_it(walk: Walking) -> None:
    alarms = [{"AlarmArn": "arn:errors", "StateValue": "ALARM"}, {"AlarmArn": "arn:latency", "StateValue": "OK"}]
    walked = walk(FindServingAlarms={"MetricAlarms": alarms})
    assert walked.requests["UpdateServing"][0]["RollbackConfiguration"]["RollbackTriggers"] == [
        {"Arn": "arn:latency", "Type": "AWS::CloudWatch::Alarm"}
    ]
    walked = walk(FindServingAlarms={"MetricAlarms": alarms[:1]})
    assert walked.requests["UpdateServing"][0]["RollbackConfiguration"]["RollbackTriggers"] == []


def test_alarms_undo_a_roll_out_but_never_a_roll_back(walk: Walking) -> None:
    walked = walk(SmokeTest=TaskError("SmokeTestFailed", "503"))
    assert walked.requests["UpdateServing"][0]["RollbackConfiguration"]["RollbackTriggers"]
    assert walked.requests["UpdateFormerServing"][0]["RollbackConfiguration"] == {"RollbackTriggers": []}


def test_the_update_changes_nothing_but_the_approved_model(walk: Walking) -> None:
    [request] = walk().requests["UpdateServing"]
    assert request["UsePreviousTemplate"] is True
    assert request["Parameters"] == [{"ParameterKey": "ApprovedModelDataUrl", "UsePreviousValue": True}]
