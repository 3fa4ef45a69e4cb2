"""The ways out of the state machine: a failure anywhere is explained, with the step that it belongs to."""

from __future__ import annotations

import pytest

from cdk_app.checks.state_machines.definitions import StateMachine
from tests.synth.scripted_run import PACKAGE, Walking, failure
from tests.synth.walker import TaskError, in_order

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


def test_a_pipeline_that_cannot_be_asked_is_stopped_and_what_it_registered_is_rejected(walk: Walking) -> None:
    walked = walk(DescribeFineTune=TaskError("SageMaker.SageMakerException", "denied"))
    assert in_order(walked.visited, "DescribeFineTune", "StopFineTune", "RejectModelPackage", "ExplainFailure")
    assert failure(walked)["error"]["Cause"] == "denied"


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


def test_the_first_failure_is_kept_however_many_follow(walk: Walking) -> None:
    walked = walk(
        SmokeTest=TaskError("SmokeTestFailed", "503"),
        RestoreTarget=TaskError("Broken", "second"),
        RejectModelPackage=TaskError("Broken", "third"),
    )
    assert failure(walked)["error"]["Cause"] == "third"
    assert failure(walked)["first"]["error"]["Cause"] == "503"


def test_every_state_says_which_step_it_belongs_to(machine: StateMachine) -> None:
    steps = {name for name in TASKS if name not in STEP_OF} | set(STEP_OF.values())
    steps |= {"EvaluateCandidates", "ExplainFailure", "RollBack"}
    for name, state in machine.definition["States"].items():
        if state["Type"] not in {"Succeed", "Fail"}:
            assert state["Comment"].partition(": ")[0] in steps, name
