"""The state machine, walked with scripted answers: the ways through it, the ways out, and what it may do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import jsonata  # type: ignore[import-untyped]
import pytest

from cdk_app.checks import Assembly
from cdk_app.checks.iam.statements import identity_statements
from cdk_app.checks.state_machines.definitions import StateMachine, state_machines
from tests.synth.walker import TaskError, Walk, Walker, in_order
from twin.run.resuming import WAITS_FOR_PIPELINE

PACKAGE = "arn:aws:sagemaker:us-east-1:111122223333:model-package/fourfold-dev/7"
MODEL = "s3://models/run=run_1/training/job/output/model.tar.gz"
FORMER = {"kind": "sagemaker", "endpoint": "fourfold-dev", "model_package_arn": "former", "run_id": "run_0"}
FORMER_MODEL = "s3://models/run=run_0/training/job/output/model.tar.gz"
RUN = {
    "run_id": "run_1",
    "dataset": "docs",
    "preparation_settings": '{"data": {}}',
    "candidates": [{"index": 0}, {"index": 1}],
    "tuning": {"MaxRuntimeSeconds": "7200"},
    "pipeline_parameters": [{"Name": "RunId", "Value": "run_1"}],
    "champion": None,
    "champion_model_data_url": "none",
    "tuning_service": "sagemaker",
}
EXPLANATION = {"step": "X", "error": "E", "message": "why", "log": "where", "remedy": "what to do"}
TUNED: dict[str, Any] = {
    "ResolveRun": RUN,
    "PrepareData": {"JobRunState": "SUCCEEDED"},
    "CheckData": {"kept": 9},
    "EvaluateCandidate": [{"index": 0, "value": 0.1}, {"index": 1, "value": 0.2}],
    "SelectModel": {"chosen": None, "needs_tuning": True, "target": None},
    "FineTune": {"PipelineExecutionArn": "arn:execution"},
    "DescribeFineTune": [{"PipelineExecutionStatus": "Executing"}, {"PipelineExecutionStatus": "Succeeded"}],
    "StopFineTune": {},
    "ExplainPipelineFailure": TaskError("FineTuneFailed", "step FineTune: out of memory"),
    "CompareWithChampion": {"better": True, "fine_tuned": {"model_package_arn": PACKAGE, "model_data_url": MODEL}},
    "WriteModelCard": {"model_package_arn": PACKAGE, "status": "PendingReview"},
    "AwaitApproval": {"approved_by": "settings"},
    "ClaimRollout": {"former_holder": None},
    "ApproveModelPackage": {},
    "PublishModel": {},
    "FindServingAlarms": {"MetricAlarms": [{"AlarmArn": "arn:errors", "StateValue": "OK"}]},
    "UpdateServing": {"StackId": "id"},
    "DescribeServing": [{"Stacks": [{"StackStatus": s}]} for s in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")],
    "ExplainServing": {"StackEvents": []},
    "PublishTarget": {},
    "SmokeTest": {"requests": 3},
    "Record": {"lineage_key": "run=run_1/lineage.json"},
    "RestoreTarget": {},
    "RestoreModel": {},
    "UpdateFormerServing": TaskError("CloudFormation.CloudFormationException", "No updates are to be performed."),
    "DescribeFormerServing": {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]},
    "ExplainFormerServing": {"StackEvents": []},
    "FindModelPackage": {
        "PipelineExecutionSteps": [{"Metadata": {"RegisterModel": {"Arn": PACKAGE}}}, {"Metadata": {}}]
    },
    "RejectModelPackage": {},
    "RetireModel": {},
    "UpdateRetiredServing": {"StackId": "id"},
    "DescribeRetiredServing": {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]},
    "ExplainRetiredServing": {"StackEvents": []},
    "ExplainFailure": EXPLANATION,
}
Walking = Callable[..., Walk]
GOOD_ENOUGH = {"SelectModel": {"chosen": {"index": 1}, "needs_tuning": False, "target": '{"kind":"bedrock"}'}}


@pytest.fixture(scope="session")
def machine(assembly: Assembly) -> StateMachine:
    [found] = state_machines(assembly)
    return found


@pytest.fixture
def walk(machine: StateMachine) -> Walking:
    """Walks the tuned way, but with the answers that are given."""

    def walk_with(**answers: Any) -> Walk:
        return Walker(machine.definition, {**TUNED, **answers}).run()

    return walk_with


def failure(walked: Walk) -> Mapping[str, Any]:
    """What `ExplainFailure` was told last."""
    told: Mapping[str, Any] = walked.requests["ExplainFailure"][-1]["Payload"]
    return told


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


STEP_OF = {
    "WriteModelCard": "CompareWithChampion",
    "DescribeFineTune": "FineTune",
    "ClaimRollout": "Deploy",
    "FindServingAlarms": "Deploy",
    "ApproveModelPackage": "Deploy",
    "PublishModel": "Deploy",
    "UpdateServing": "Deploy",
    "DescribeServing": "Deploy",
    "PublishTarget": "Deploy",
}
TASKS = [
    "ResolveRun",
    "PrepareData",
    "CheckData",
    "SelectModel",
    "FineTune",
    "DescribeFineTune",
    "CompareWithChampion",
    "WriteModelCard",
    "AwaitApproval",
    "ClaimRollout",
    "ApproveModelPackage",
    "PublishModel",
    "FindServingAlarms",
    "UpdateServing",
    "DescribeServing",
    "PublishTarget",
    "SmokeTest",
    "Record",
]


@pytest.mark.parametrize("state", TASKS)
def test_a_failure_anywhere_ends_in_an_explanation_that_names_the_step(walk: Walking, state: str) -> None:
    walked = walk(**{state: TaskError("Broken", "because")})
    assert failure(walked)["step"] == STEP_OF.get(state, state)
    assert failure(walked)["error"] == {"Error": "Broken", "Cause": "because"}
    assert walked.visited[-1] == "RunFailed"
    assert walked.error == "E"
    assert walked.cause == "X failed: why\nLog: where\nWhat to do: what to do"


def test_a_failure_that_cannot_be_explained_is_passed_on_as_it_came(walk: Walking) -> None:
    walked = walk(CheckData=TaskError("Broken", "because"), ExplainFailure=TaskError("Lambda.Unknown"))
    assert (walked.error, walked.cause) == ("Broken", "CheckData failed: because")


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_pipeline_that_fails_is_looked_into(walk: Walking, status: str) -> None:
    walked = walk(DescribeFineTune={"PipelineExecutionStatus": status})
    assert failure(walked)["step"] == "FineTune"
    assert failure(walked)["error"] == {"Error": "FineTuneFailed", "Cause": "step FineTune: out of memory"}
    assert "AwaitApproval" not in walked.visited


def without_time(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The machine when its deadlines pass at once."""
    text = json.dumps(definition).replace("$millis() + ", "$millis() - ")
    changed: Mapping[str, Any] = json.loads(text)
    return changed


def test_a_pipeline_that_never_ends_is_stopped(machine: StateMachine) -> None:
    answers = {**TUNED, "DescribeFineTune": {"PipelineExecutionStatus": "Executing"}}
    walked = Walker(without_time(machine.definition), answers).run()
    assert walked.requests["StopFineTune"][0]["PipelineExecutionArn"] == "arn:execution"
    assert failure(walked)["error"]["Error"] == "FineTuneTimedOut"
    assert failure(walked)["step"] == "FineTune"


def test_a_pipeline_that_cannot_be_asked_is_stopped_and_what_it_registered_is_rejected(walk: Walking) -> None:
    walked = walk(DescribeFineTune=TaskError("SageMaker.SageMakerException", "denied"))
    assert in_order(walked.visited, "DescribeFineTune", "StopFineTune", "RejectModelPackage", "ExplainFailure")
    assert failure(walked)["error"]["Cause"] == "denied"


def test_waiting_for_the_longest_pipeline_does_not_outgrow_the_history(machine: StateMachine) -> None:
    pause = machine.definition["States"]["WaitForFineTune"]["Seconds"].removeprefix("{%").removesuffix("%}")
    expression = jsonata.Jsonata(pause.replace("$millis()", "now").replace("$fine_tune_started", "started"))
    waited, looks = 0, 0
    while waited < 365 * 86_400:
        seconds = expression.evaluate({"started": 1_000_000, "now": 1_000_000 + 1000 * waited})
        assert seconds == int(seconds) >= 30
        assert waited < 3000 or seconds <= 0.01 * waited
        waited, looks = waited + seconds, looks + 1
    assert looks * 9 < 15_000


# Each job is begun once and tried four times again, after 1, 2, 4 and 8 minutes.
TRIED, PAUSES_S = 5, 2 * 15 * 60


def test_a_pipeline_has_the_time_of_both_its_jobs_as_often_as_they_are_tried_and_an_hour(machine: StateMachine) -> None:
    walker = Walker(machine.definition, TUNED)
    before = time.time()
    walker.run()
    longest = TRIED * 2 * 7200 + PAUSES_S + 3600
    assert walker.variables["fine_tune_deadline"] / 1000 - before == pytest.approx(longest, abs=600)


def test_a_pipeline_that_may_wait_for_spot_instances_has_that_time_too(machine: StateMachine) -> None:
    run = {**RUN, "tuning": {"MaxRuntimeSeconds": "7200", "MaxWaitSeconds": "86400"}}
    deadline = machine.definition["States"]["FineTune"]["Assign"]["fine_tune_deadline"]
    expression = deadline.removeprefix("{%").removesuffix("%}").replace("$run", "run")
    evaluated = jsonata.Jsonata(expression).evaluate({"run": run})
    assert evaluated / 1000 - time.time() == pytest.approx(TRIED * (86_400 + 7200) + PAUSES_S + 3600, abs=600)


def test_the_whole_workflow_waits_longer_than_the_longest_pipeline(machine: StateMachine) -> None:
    longest = TRIED * 2 * 7200 * 60 + PAUSES_S + 3600
    assert longest < machine.definition["TimeoutSeconds"] < 365 * 86_400


def test_an_update_that_never_ends_is_a_failure(machine: StateMachine) -> None:
    answers = {**TUNED, "DescribeServing": {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS"}]}}
    answers["DescribeFineTune"] = {"PipelineExecutionStatus": "Succeeded"}
    walked = Walker(without_time(machine.definition), answers).run()
    assert failure(walked)["error"]["Error"] == "ServingUpdateFailed"


NOW, LONG_AGO = datetime.now(UTC).isoformat(), "2020-02-29T12:00:00.000Z"
SLOW: dict[str, list[Any]] = {
    "DescribeFineTune": [{"PipelineExecutionStatus": "Executing"}, {"PipelineExecutionStatus": "Succeeded"}],
    "DescribeServing": [{"Stacks": [{"StackStatus": f"UPDATE_{end}"}]} for end in ("IN_PROGRESS", "COMPLETE")],
}


@pytest.mark.parametrize("slow", SLOW)
def test_whoever_waits_has_the_whole_time_again_from_a_redrive(machine: StateMachine, slow: str) -> None:
    answers = {**TUNED, "DescribeFineTune": SLOW["DescribeFineTune"][1], slow: SLOW[slow]}
    past = without_time(machine.definition)
    assert Walker(past, answers, redriven=NOW).run().succeeded
    for redriven in (LONG_AGO, ""):
        assert not Walker(past, answers, redriven=redriven).run().succeeded


def test_a_stack_that_is_busy_is_tried_again_after_a_redrive_too(machine: StateMachine) -> None:
    busy = TaskError("CloudFormation.CloudFormationException", "The stack is in UPDATE_IN_PROGRESS state.")
    walked = Walker(without_time(machine.definition), {**TUNED, "UpdateServing": [busy, {}]}, redriven=NOW).run()
    assert walked.succeeded
    assert "WaitToUpdateServing" in walked.visited


def test_what_the_twin_retries_a_pipeline_for_are_the_states_around_it(machine: StateMachine) -> None:
    states = machine.definition["States"]
    assert {name for name, state in states.items() if "WaitForFineTune" in json.dumps(state)} < WAITS_FOR_PIPELINE
    assert states.keys() > WAITS_FOR_PIPELINE


def test_a_redriven_run_looks_at_its_pipeline_as_often_as_a_new_one(machine: StateMachine) -> None:
    pause = machine.definition["States"]["WaitForFineTune"]["Seconds"]
    seconds = {}
    for redriven in (NOW, LONG_AGO, ""):
        walker = Walker(machine.definition, TUNED, redriven=redriven)
        started = time.time() - 86_400
        walker.variables |= {"run": RUN, "fine_tune_started": started * 1000, "fine_tune_deadline": started * 2000}
        seconds[redriven] = walker._render(pause, {"input": {}})
    assert seconds == {NOW: 30, LONG_AGO: 864, "": 864}


def test_a_stack_that_already_is_as_it_should_be_is_no_failure(walk: Walking) -> None:
    walked = walk(UpdateServing=TaskError("CloudFormation.CloudFormationException", "No updates are to be performed."))
    assert walked.succeeded
    assert "DescribeServing" not in walked.visited


def test_a_stack_that_is_busy_is_tried_again(walk: Walking) -> None:
    busy = TaskError("X", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.")
    walked = walk(UpdateServing=[busy, busy, {"StackId": "id"}])
    assert walked.succeeded
    assert walked.visited.count("WaitToUpdateServing") == 2


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


NOT_DEPLOYED = {
    "CompareWithChampion": TaskError("ChallengerIsWorse", "worse"),
    "AwaitApproval": TaskError("ApprovalRejected", "not now"),
    "ClaimRollout": TaskError("ChampionChanged", "another model"),
    "ApproveModelPackage": TaskError("Broken", "because"),
}


@pytest.mark.parametrize("state", NOT_DEPLOYED)
def test_a_registered_model_that_is_not_deployed_is_rejected_in_the_registry(walk: Walking, state: str) -> None:
    walked = walk(**{state: NOT_DEPLOYED[state]})
    [request] = walked.requests["RejectModelPackage"]
    assert (request["ModelPackageArn"], request["ModelApprovalStatus"]) == (PACKAGE, "Rejected")
    assert failure(walked)["error"]["Cause"] == NOT_DEPLOYED[state].output["Cause"]
    assert "PublishModel" not in walked.visited


def test_a_pipeline_that_registered_nothing_leaves_nothing_to_reject(walk: Walking) -> None:
    walked = walk(
        CompareWithChampion=TaskError("EvaluationIncomplete", "no package"),
        FindModelPackage={"PipelineExecutionSteps": [{"Metadata": {}}]},
    )
    assert "RejectModelPackage" not in walked.visited
    assert failure(walked)["step"] == "CompareWithChampion"


def test_a_run_waits_for_the_roll_out_of_another_as_long_as_that_may_take(machine: StateMachine) -> None:
    [patience] = [r for r in machine.definition["States"]["ClaimRollout"]["Retry"] if "RolloutBusy" in r["ErrorEquals"]]
    assert patience["IntervalSeconds"] * patience["MaxAttempts"] == 2 * 90 * 60
    assert patience["BackoffRate"] == 1


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


def test_the_first_failure_is_kept_however_many_follow(walk: Walking) -> None:
    walked = walk(
        SmokeTest=TaskError("SmokeTestFailed", "503"),
        RestoreTarget=TaskError("Broken", "second"),
        RejectModelPackage=TaskError("Broken", "third"),
    )
    assert failure(walked)["error"]["Cause"] == "third"
    assert failure(walked)["first"]["error"]["Cause"] == "503"


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


def test_every_state_says_which_step_it_belongs_to(machine: StateMachine) -> None:
    steps = {name for name in TASKS if name not in STEP_OF} | set(STEP_OF.values())
    steps |= {"EvaluateCandidates", "ExplainFailure", "RollBack"}
    for name, state in machine.definition["States"].items():
        if state["Type"] not in {"Succeed", "Fail"}:
            assert state["Comment"].partition(": ")[0] in steps, name


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
