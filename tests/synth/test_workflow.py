"""The state machine, walked with scripted answers: the ways through it, and what it may do."""

from __future__ import annotations

import json

from cdk_app.checks import Assembly
from cdk_app.checks.iam.statements import identity_statements
from cdk_app.checks.state_machines.definitions import StateMachine
from tests.synth.scripted_run import GOOD_ENOUGH, MODEL, PACKAGE, RUN, TUNED, Walking
from tests.synth.walker import TaskError, in_order


def test_a_run_that_tunes_goes_through_all_four_steps(walk: Walking) -> None:
    walked = walk()
    assert walked.succeeded
    assert in_order(
        walked.visited,
        "ResolveRun",
        "PrepareData",
        "CheckData",
        "EvaluateCandidates",
        "SelectModel",
        "NeedsTuning",
        "FineTune",
        "WaitForFineTune",
        "DescribeFineTune",
        "CompareWithChampion",
        "WriteModelCard",
        "AwaitApproval",
        "ClaimRollout",
        "Deploy",
        "ApproveModelPackage",
        "PublishModel",
        "FindServingAlarms",
        "UpdateServing",
        "WaitForServing",
        "DescribeServing",
        "PublishTarget",
        "SmokeTest",
        "Record",
        "Succeeded",
    )
    assert walked.output["lineage_key"] == "run=run_1/lineage.json"


def test_the_gateway_gets_the_tuned_model_only_after_its_endpoint_is_up(walk: Walking) -> None:
    walked = walk()
    assert walked.requests["PublishModel"][0]["Value"] == MODEL
    assert walked.visited.count("DescribeServing") == 2
    published = json.loads(walked.requests["PublishTarget"][0]["Value"])
    assert published == {
        "kind": "sagemaker",
        "endpoint": "fourfold-dev",
        "model_package_arn": PACKAGE,
        "run_id": "run_1",
    }


def test_a_candidate_that_is_good_enough_is_deployed_without_tuning_or_an_endpoint(walk: Walking) -> None:
    walked = walk(**GOOD_ENOUGH)
    assert walked.succeeded
    assert walked.requests["PublishTarget"][0]["Value"] == '{"kind":"bedrock"}'
    assert not {"FineTune", "UpdateServing", "ApproveModelPackage"} & set(walked.visited)
    assert in_order(walked.visited, "AwaitApproval", "PublishTarget", "SmokeTest", "Record")


def test_the_run_starts_on_the_executions_name_and_input(walk: Walking) -> None:
    [request] = walk().requests["ResolveRun"]
    assert request["Payload"]["execution_name"] == "run_1"
    assert request["Payload"]["input"] == {}


def test_every_candidate_is_measured_with_the_whole_run(walk: Walking) -> None:
    walked = walk()
    assert [r["Payload"]["candidate"] for r in walked.requests["EvaluateCandidate"]] == RUN["candidates"]
    assert walked.requests["SelectModel"][0]["Payload"]["candidates"] == TUNED["EvaluateCandidate"]


def test_a_candidate_that_fails_is_told_to_the_selection_with_its_reason_and_ends_nothing(walk: Walking) -> None:
    walked = walk(EvaluateCandidate=[TaskError("CandidateNotAvailable", "no access"), {"index": 1, "value": 0.2}])
    assert walked.succeeded
    assert walked.requests["SelectModel"][0]["Payload"]["candidates"] == [
        {"index": 0, "unmeasured": {"Error": "CandidateNotAvailable", "Cause": "no access"}},
        {"index": 1, "value": 0.2},
    ]


def test_a_candidate_that_runs_out_of_time_goes_on_from_its_answers(machine: StateMachine) -> None:
    processor = machine.definition["States"]["EvaluateCandidates"]["ItemProcessor"]
    retries = processor["States"]["EvaluateCandidate"]["Retry"]
    [retry] = [retry for retry in retries if "EvaluationTimedOut" in retry["ErrorEquals"]]
    assert retry["ErrorEquals"] == ["EvaluationTimedOut", "Sandbox.Timedout", "Lambda.Unknown", "States.Timeout"]
    assert retry["MaxAttempts"] == 3


def test_a_repeated_start_of_the_pipeline_carries_the_same_token(walk: Walking) -> None:
    [first], [second] = walk().requests["FineTune"], walk().requests["FineTune"]
    assert first["ClientRequestToken"] == second["ClientRequestToken"]
    assert len(first["ClientRequestToken"]) >= 32
    assert first["PipelineExecutionDisplayName"] == "run-1"


def test_the_history_is_logged_without_the_users_texts_traced_and_encrypted(machine: StateMachine) -> None:
    properties = machine.resource.properties
    assert properties["LoggingConfiguration"]["Level"] == "ALL"
    assert properties["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert properties["TracingConfiguration"] == {"Enabled": True}
    assert properties["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"


def test_the_machines_role_is_open_only_where_a_service_has_no_resources(
    assembly: Assembly, machine: StateMachine
) -> None:
    stack = "Fourfold-dev-Workflow"
    role = assembly.resource_behind(stack, machine.resource.properties["RoleArn"])
    assert role is not None
    mine = [
        statement
        for statement in identity_statements(assembly)
        if statement.owner.stack == stack and {"Ref": role.logical_id} in statement.owner.properties["Roles"]
    ]
    services = {a.partition(":")[0] for s in mine if "*" in s.resources for a in s.actions}
    assert services == {"logs", "xray"}
    assert not any("*" in action for s in mine for action in s.actions)
    assert "iam:PassRole" not in {action for s in mine for action in s.actions}
