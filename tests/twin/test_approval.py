"""A run that waits for a person is found, and hears the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.twin.helpers import Json, allow, make_function, start, wait_until
from twin import events
from twin.emulator import Emulator
from twin.run.approval import NobodyWaits, Request, figures, request
from twin.run.going_on import GoingOn, run_going_on

ASKING = "def handle(event, context): return {'approval': 'requested'}"
ANSWERING = """
import boto3
def handle(event, context): boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output="{}")
"""


def waiting_for(emulator: Emulator) -> Iterator[str]:
    """Yield the executions that the twin's events say are waiting."""
    for record, _ in events.read(emulator.events_file):
        if record["kind"] == "waiting":
            yield record["id"]


def start_asking(emulator: Emulator, source: str, *statements: Json, then: Json | None = None) -> str:
    """Start an execution whose first task waits for its token, which a function is given; its ARN."""
    parameters = {"FunctionName": make_function(emulator, source, *statements), "Payload": {"token.$": "$$.Task.Token"}}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Comment": "AwaitApproval: waits for a person.",
        "Parameters": parameters,
        **({"Next": next(iter(then))} if then else {"End": True}),
    }
    return start(emulator, {"Approve": task, **(then or {})}, allow("lambda:InvokeFunction"))


@pytest.fixture
def asked(emulator: Emulator) -> Request:
    """The request of an execution that waits."""
    arn = start_asking(emulator, ASKING)
    wait_until(lambda: list(waiting_for(emulator)), lambda seen: arn in seen)
    found = request(emulator.work_dir)
    assert found.execution_arn == arn
    return found


def ended(asked: Request) -> dict[str, Any]:
    found: dict[str, Any] = wait_until(
        lambda: asked.client.describe_execution(executionArn=asked.execution_arn),
        lambda seen: seen["status"] != "RUNNING",
    )
    return found


def test_an_approval_goes_to_the_run_that_waits(asked: Request) -> None:
    assert asked.known() == {}
    asked.approve("somebody")
    answer = json.loads(ended(asked)["output"])
    assert answer["approved_by"] == "somebody"
    assert datetime.fromisoformat(answer["approved_at"]).tzinfo is not None


def test_a_rejection_ends_the_run_with_its_reason(asked: Request) -> None:
    asked.reject("it makes things up")
    found = ended(asked)
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "ApprovalRejected", "it makes things up")


def test_an_answer_that_comes_after_another_one_finds_nobody(emulator: Emulator, asked: Request) -> None:
    asked.approve("somebody")
    ended(asked)

    with pytest.raises(NobodyWaits, match="no longer waits"):
        asked.reject("too late")
    with pytest.raises(NobodyWaits, match="does not wait"):
        request(emulator.work_dir)


def test_a_run_that_has_its_answer_and_goes_on_waits_no_more(emulator: Emulator) -> None:
    going_on = {"Rest": {"Type": "Wait", "Seconds": 60_000, "End": True}}
    arn = start_asking(emulator, ASKING, then=going_on)
    wait_until(lambda: list(waiting_for(emulator)), lambda seen: arn in seen)
    request(emulator.work_dir).approve("somebody")

    def found() -> str:
        try:
            return request(emulator.work_dir).execution_arn
        except NobodyWaits as error:
            return str(error)

    seen = wait_until(found, lambda seen: seen != arn, seconds=10)
    client = emulator.client("stepfunctions")
    still = client.describe_execution(executionArn=arn)["status"]
    client.stop_execution(executionArn=arn)
    assert (still, seen) == ("RUNNING", "The run that is going on does not wait for an approval, or not yet.")


def test_without_a_run_there_is_nothing_to_answer(tmp_path: Path) -> None:
    with pytest.raises(NobodyWaits, match="No run is going on"):
        request(tmp_path)


def test_a_task_that_has_its_answer_at_once_waits_for_nobody(emulator: Emulator) -> None:
    arn = start_asking(emulator, ANSWERING, allow("states:SendTaskSuccess"))
    client = emulator.client("stepfunctions")
    wait_until(lambda: client.describe_execution(executionArn=arn)["status"], lambda seen: seen == "SUCCEEDED")
    assert arn not in list(waiting_for(emulator))


def test_a_run_that_waits_is_told_from_one_that_works_and_from_none(emulator: Emulator, tmp_path: Path) -> None:
    going_on = {"Rest": {"Type": "Wait", "Seconds": 60_000, "End": True}}
    arn = start_asking(emulator, ASKING, then=going_on)
    run_id = arn.rpartition(":")[2]
    wait_until(lambda: list(waiting_for(emulator)), lambda seen: arn in seen)
    assert run_going_on(emulator.work_dir) == GoingOn(run_id, waits=True)

    request(emulator.work_dir).approve("somebody")
    wait_until(lambda: run_going_on(emulator.work_dir), lambda seen: seen == GoingOn(run_id, waits=False), seconds=10)
    emulator.client("stepfunctions").stop_execution(executionArn=arn)
    wait_until(lambda: run_going_on(emulator.work_dir), lambda seen: seen is None, seconds=10)

    assert run_going_on(tmp_path) is None


COMPARED: dict[str, Any] = {
    "metric": "rougeL",
    "challenger": {"value": 0.2523},
    "champion": {"kind": "base", "value": 0.1541, "note": "There is no champion yet. The base model stands in for it."},
    "difference": 0.0982,
    "ci": [0.0551, 0.1414],
    "examples": 64,
}


def test_what_a_person_decides_by_is_the_reason_of_the_choice_the_comparison_and_the_floor() -> None:
    known = {"SelectModel": {"reason": "None reaches 0.23."}, "CompareWithChampion": COMPARED}
    assert list(figures({**known, "ResolveRun": {"floor": 0.23}})) == [
        "None reaches 0.23.",
        "Tuned: rougeL 0.252, +0.098 [+0.055, +0.141] beside the base model's 0.154, on 64 test records.",
        "It clears the floor, rougeL 0.23.",
        "There is no champion yet. The base model stands in for it.",
    ]
    assert list(figures({})) == []
    unsure = COMPARED | {"undecided": ["language fr: 4 examples are too few", "source b: 0.200"]}
    last = list(figures({"CompareWithChampion": unsure, "ResolveRun": {"floor": 0.23}}))[-1]
    assert last == "The evaluation could not tell: language fr: 4 examples are too few; source b: 0.200."


def test_a_champion_is_called_so_and_a_floor_that_is_missed_is_said() -> None:
    compared = COMPARED | {"champion": {"kind": "sagemaker", "value": 0.1541, "note": ""}}
    assert list(figures({"CompareWithChampion": compared, "ResolveRun": {"floor": 0.3}})) == [
        "Tuned: rougeL 0.252, +0.098 [+0.055, +0.141] beside the champion's 0.154, on 64 test records.",
        "It does not reach the floor, rougeL 0.3.",
    ]
