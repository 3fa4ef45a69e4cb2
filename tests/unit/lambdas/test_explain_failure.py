"""A failed run says which step, why, where the log is and what to do, and its subscribers hear of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.explain_failure.explanation import explain
from lambdas.explain_failure.handler import handle
from lambdas.shared.errors import InvalidEvent

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context


@pytest.fixture(autouse=True)
def topic(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:t")
    cloud.on("sns", "Publish", lambda _: {"MessageId": "m"})


def event(error: str, cause: object, step: str = "PrepareData") -> dict[str, Any]:
    text = cause if isinstance(cause, str) else json.dumps(cause)
    return {"run_id": "run-7", "execution_arn": "arn:e", "step": step, "error": {"Error": error, "Cause": text}}


def test_a_function_s_error_keeps_its_own_words(cloud: Cloud, context: Context) -> None:
    cause = {"errorMessage": "None of 3 records is usable", "errorType": "NoUsableRecords", "requestId": "q-1"}

    result = handle(event("NoUsableRecords", cause, "CheckData"), context)

    assert result == {
        "step": "CheckData",
        "error": "NoUsableRecords",
        "message": "None of 3 records is usable",
        "log": "log group of the function that CheckData calls, request q-1",
        "remedy": "Correct the cause and start a new execution; the files of this run stay for inspection.",
    }
    (message,) = cloud.called("sns", "Publish")
    assert message["Subject"] == "Run run-7 failed in CheckData: NoUsableRecords"
    for part in ("None of 3 records is usable", "What to do: Correct", "Execution: arn:e"):
        assert part in message["Message"]


def test_a_glue_job_s_error_names_its_log_stream(context: Context) -> None:
    cause = {
        "JobName": "fourfold-dev-prepare-data",
        "JobRunState": "FAILED",
        "ErrorMessage": "no input under s3://raw/news/",
        "Id": "jr_1",
        "LogGroupName": "/own/jobs",
    }

    result = handle(event("States.TaskFailed", cause), context)

    assert result["message"] == "Glue job fourfold-dev-prepare-data FAILED: no input under s3://raw/news/"
    assert result["log"] == "log groups /own/jobs/error and /own/jobs/output, streams jr_1-…"


def test_a_glue_job_that_names_no_log_group_logs_in_the_usual_one(context: Context) -> None:
    result = handle(event("States.TaskFailed", {"JobRunState": "TIMEOUT", "Id": "jr_1"}), context)

    assert result["message"] == "Glue job run TIMEOUT: no message"
    assert str(result["log"]).startswith("log groups /aws-glue/jobs/error")


@pytest.mark.parametrize(
    ("arguments", "prefix"), [({}, "/aws-glue/jobs"), ({"--custom-logGroup-prefix": "/own"}, "/own")]
)
def test_a_glue_job_whose_log_is_encrypted_logs_below_its_security_configuration(
    context: Context, arguments: dict[str, str], prefix: str
) -> None:
    cause = {
        "JobRunState": "FAILED",
        "Id": "jr_1",
        "Arguments": arguments,
        "SecurityConfiguration": "secure",
        "LogGroupName": "/aws-glue/jobs",
    }

    result = handle(event("States.TaskFailed", cause), context)

    assert result["log"] == f"log groups {prefix}/secure-role/<the job's role>/error and …/output, streams jr_1-…"


def test_a_missing_permission_keeps_role_action_and_resource_and_says_what_to_do(context: Context) -> None:
    words = "User: arn:role is not authorized to perform: glue:StartJobRun on resource: arn:job"

    result = handle(event("Glue.AWSGlueException", words), context)

    assert result["message"] == words
    assert "Grant the action" in str(result["remedy"])


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("States.Timeout", "Raise the limit"),
        ("ApprovalRejected", "rejected"),
        ("SageMaker.ResourceLimitExceededException", "Service Quotas"),
        ("Glue.ConcurrentRunsExceededException", "Another run"),
        ("Something.Else", "Correct the cause"),
    ],
)
def test_known_errors_have_a_remedy_of_their_own(context: Context, error: str, remedy: str) -> None:
    assert remedy in str(handle(event(error, "why"), context)["remedy"])


def test_an_error_without_a_cause_is_explained_too(context: Context) -> None:
    result = handle({"run_id": "r", "step": "Deploy", "error": {"Error": "States.Timeout"}}, context)

    assert result["message"] == "The service gave no cause."
    assert "Deploy" in str(result["log"])


def test_an_event_without_a_step_is_refused(context: Context) -> None:
    with pytest.raises(InvalidEvent, match="'step' is missing"):
        handle({"run_id": "r", "error": {}}, context)


@given(st.text(), st.text(max_size=50) | st.recursive(st.none() | st.text(), lambda i: st.lists(i)).map(json.dumps))
def test_whatever_a_service_gives_as_a_cause_is_explained(error: str, cause: str) -> None:
    explanation = explain("Step", error, cause)

    assert explanation.message
    assert len(explanation.message) <= 8000
    assert explanation.log
    assert explanation.remedy


def test_an_approval_that_nobody_gave_is_not_taken_for_a_job_that_was_too_slow(context: Context) -> None:
    assert "Nobody approved" in str(handle(event("States.Timeout", "", "AwaitApproval"), context)["remedy"])
    assert "Raise the limit" in str(handle(event("States.Timeout", "", "PrepareData"), context)["remedy"])


def test_a_roll_back_that_failed_does_not_hide_what_failed_first(cloud: Cloud, context: Context) -> None:
    first = event("SmokeTestFailed", {"errorMessage": "The model answered nothing"}, "SmokeTest")
    second = event("Ssm.SsmException", "Rate exceeded", "RollBack")

    result = handle({**second, "first": {name: first[name] for name in ("step", "error")}}, context)

    assert result["step"] == "RollBack"
    assert result["message"] == (
        "Rate exceeded\nBefore that, SmokeTest failed with SmokeTestFailed: The model answered nothing"
    )
    assert "function that SmokeTest calls" in str(result["log"])
    assert "SmokeTestFailed" in cloud.called("sns", "Publish")[0]["Message"]
