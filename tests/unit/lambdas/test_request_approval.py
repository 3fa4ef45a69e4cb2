"""Approval is given at once where the settings say so; otherwise a person gets the commands for both answers."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.request_approval.handler import handle
from lambdas.shared.errors import InvalidEvent, ServiceCallFailed

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAA'quoted=="
COMPARISON = {"metric": "rougeL", "difference": 0.05, "ci": [0.01, 0.09], "champion": {"note": "There is no champion"}}


@pytest.fixture(autouse=True)
def topic(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:t")
    cloud.on("sns", "Publish", lambda _: {"MessageId": "m"})
    cloud.on("stepfunctions", "SendTaskSuccess", lambda _: {})


def ask(run: dict[str, Any], context: Context, **event: Any) -> dict[str, object]:
    return handle({"run": run, "task_token": TOKEN, **event}, context)


def test_automatic_approval_answers_the_token_and_sends_nothing(
    cloud: Cloud, context: Context, run: dict[str, Any]
) -> None:
    run["approval"] = "automatic"

    assert ask(run, context) == {"approval": "given"}
    (answer,) = cloud.called("stepfunctions", "SendTaskSuccess")
    assert answer["taskToken"] == TOKEN
    assert json.loads(answer["output"])["approved_by"] == "automatic"
    assert not cloud.called("sns", "Publish")


TUNED = {"kind": "sagemaker", "endpoint": "e", "model_package_arn": "arn:p:model-package/fourfold/6", "run_id": "run-6"}
BEDROCK = {"kind": "bedrock", "model_id": "amazon.nova-micro-v1:0", "strategy": "zero-shot", "run_id": "run-6"}
STAND_IN = {**COMPARISON, "champion": {"kind": "base", "note": "The base model stands in for it."}}


@pytest.mark.parametrize(
    ("champion", "comparison", "why"),
    [
        (TUNED, None, "fourfold/6, with which it was not compared"),
        (TUNED, STAND_IN, "The base model stands in for it"),
        (BEDROCK, STAND_IN, "The base model stands in for it"),
        (TUNED, {**COMPARISON, "difference": -0.001}, "not better than what it would replace"),
        (None, {**COMPARISON, "difference": -0.001}, "not better than what it would replace"),
        (TUNED, {"champion": {"kind": "sagemaker"}}, "not better than what it would replace"),
    ],
)
def test_automatic_approval_asks_a_person_where_no_gate_has_measured_the_model_against_the_champion(
    cloud: Cloud,
    context: Context,
    run: dict[str, Any],
    champion: dict[str, Any] | None,
    comparison: dict[str, Any] | None,
    why: str,
) -> None:
    run |= {"approval": "automatic", "champion": champion}

    assert ask(run, context, comparison=comparison) == {"approval": "requested"}
    assert not cloud.called("stepfunctions", "SendTaskSuccess")
    assert why in cloud.called("sns", "Publish")[0]["Message"]


@pytest.mark.parametrize(
    ("champion", "comparison"),
    [
        (None, None),
        (None, STAND_IN),
        (BEDROCK, None),
        (TUNED, {**COMPARISON, "champion": {"kind": "sagemaker"}}),
        (TUNED, {**COMPARISON, "champion": {"kind": "sagemaker"}, "difference": 0.0}),
    ],
)
def test_automatic_approval_is_given_where_nothing_better_is_replaced(
    context: Context,
    run: dict[str, Any],
    champion: dict[str, Any] | None,
    comparison: dict[str, Any] | None,
) -> None:
    run |= {"approval": "automatic", "champion": champion}

    assert ask(run, context, comparison=comparison) == {"approval": "given"}


def test_manual_approval_never_answers_the_token_itself(cloud: Cloud, context: Context, run: dict[str, Any]) -> None:
    assert ask(run, context, comparison=COMPARISON) == {"approval": "requested"}
    assert not cloud.called("stepfunctions", "SendTaskSuccess")


def test_the_message_holds_the_figures_and_commands_that_a_shell_reads_back(
    cloud: Cloud, context: Context, run: dict[str, Any]
) -> None:
    ask(run, context, comparison=COMPARISON, selection={"reason": "no candidate reaches the floor"})

    (message,) = cloud.called("sns", "Publish")
    text = message["Message"]
    assert "no candidate reaches the floor" in text
    assert "ci: [0.01, 0.09]" in text
    assert "There is no champion" in text
    approve, reject = (shlex.split(line) for line in text.splitlines() if line.startswith("aws stepfunctions"))
    assert approve[:4] == ["aws", "stepfunctions", "send-task-success", "--region"]
    assert reject[2] == "send-task-failure"
    for command in (approve, reject):
        assert command[command.index("--task-token") + 1] == TOKEN
    assert json.loads(approve[approve.index("--task-output") + 1]) == {"approved_by": "your name"}
    assert reject[reject.index("--error") + 1] == "ApprovalRejected"


def test_the_base_model_is_not_called_a_champion_in_the_message(
    cloud: Cloud, context: Context, run: dict[str, Any]
) -> None:
    comparison = {**COMPARISON, "champion": {"kind": "base", "value": 0.15, "note": "There is no champion yet."}}
    ask(run, context, comparison=comparison, selection={"reason": "none will do", "floor": 0.23})

    text = cloud.called("sns", "Publish")[0]["Message"]
    assert 'base: {"kind": "base", "value": 0.15, "note": "There is no champion yet."}' in text
    assert "champion:" not in text
    assert "floor: 0.23" in text


def test_a_run_without_a_comparison_can_be_approved_too(cloud: Cloud, context: Context, run: dict[str, Any]) -> None:
    ask(run, context, comparison=None, selection=None)

    assert "Comparison" not in cloud.called("sns", "Publish")[0]["Message"]


def test_subject_and_message_fit_what_sns_takes(cloud: Cloud, context: Context, run: dict[str, Any]) -> None:
    run["run_id"] = "ü\n" + "x" * 300

    ask(run, context, comparison={**COMPARISON, "base": "ä" * 400_000})

    (message,) = cloud.called("sns", "Publish")
    assert len(message["Subject"]) <= 100
    assert message["Subject"].isascii()
    assert message["Subject"].isprintable()
    assert len(message["Message"].encode()) <= 256 * 1024


def test_a_run_that_no_longer_waits_is_an_error(cloud: Cloud, context: Context, run: dict[str, Any]) -> None:
    run["approval"] = "automatic"
    cloud.refuse("stepfunctions", "SendTaskSuccess", "TaskTimedOut", "Task timed out")

    with pytest.raises(ServiceCallFailed, match="SendTaskSuccess failed with TaskTimedOut"):
        ask(run, context)


def test_an_event_without_a_token_is_refused(cloud: Cloud, context: Context, run: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent, match="'task_token' is missing"):
        handle({"run": run}, context)
