"""Tasks that wait for a token, and executions that end while one waits: nothing follows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.twin.helpers import allow, execute, make_function, start, unique, wait_until
from tests.twin.states import TAKE_TOKEN, task, token_task
from twin.emulator import Emulator

Nest = Callable[[dict[str, Any]], dict[str, Any]]


def test_a_task_token_sent_back_by_the_function_ends_its_task(emulator: Emulator) -> None:
    source = (
        "import boto3, json\n"
        "def handle(event, context):\n"
        "    boto3.client('stepfunctions').send_task_success("
        "taskToken=event['token'], output=json.dumps({'approved': True}))"
    )
    machines = "arn:aws:states:us-east-1:000000000000:stateMachine:*"
    function = make_function(emulator, source, allow("states:SendTaskSuccess", machines))
    ended = execute(emulator, token_task(function), allow("lambda:InvokeFunction"))
    assert json.loads(ended["output"]) == {"approved": True}


def test_sending_a_task_token_needs_permission_on_its_state_machine(emulator: Emulator) -> None:
    source = (
        "import boto3\n"
        "def handle(event, context):\n"
        "    boto3.client('stepfunctions').send_task_success(taskToken=event['token'], output='{}')"
    )
    elsewhere = "arn:aws:states:us-east-1:000000000000:stateMachine:another"
    function = make_function(emulator, source, allow("states:SendTaskSuccess", elsewhere))
    ended = execute(emulator, token_task(function), allow("lambda:InvokeFunction"))
    assert ended["status"] == "FAILED"
    assert (
        "states:SendTaskSuccess on resource: arn:aws:states:us-east-1:000000000000:stateMachine:machine-"
        in (ended["cause"])
    )


def test_a_function_that_fails_to_take_the_token_fails_its_task_at_once(emulator: Emulator) -> None:
    function = make_function(emulator, "def handle(event, context): raise KeyError('token')")
    ended = execute(emulator, token_task(function, TimeoutSeconds=600), allow("lambda:InvokeFunction"))
    assert ended["error"] == "KeyError"


def test_a_token_that_nobody_sends_back_times_out(emulator: Emulator) -> None:
    states = token_task(make_function(emulator, TAKE_TOKEN), TimeoutSeconds=1)
    ended = execute(emulator, states, allow("lambda:InvokeFunction"))
    assert ended["error"] == "States.Timeout"


def test_a_token_without_heartbeats_times_out(emulator: Emulator) -> None:
    states = token_task(make_function(emulator, TAKE_TOKEN), HeartbeatSeconds=1)
    ended = execute(emulator, states, allow("lambda:InvokeFunction"))
    assert ended["error"] == "States.HeartbeatTimeout"


# ---- the execution's end --------------------------------------------------------------------------------


def stubborn(function: str, parameter: str) -> dict[str, Any]:
    """States that retry and catch whatever happens to a task without end, and then write a parameter."""
    states = token_task(
        function,
        Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3}],
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Write"}],
    )
    write = {"Name": parameter, "Value": "1", "Type": "String"}
    states["Write"] = task("aws-sdk:ssm:putParameter", Parameters=write)["Task"]
    return states


def in_a_map(states: dict[str, Any]) -> dict[str, Any]:
    processor = {"StartAt": next(iter(states)), "States": states}
    return {"Map": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}}


def assert_nothing_follows(emulator: Emulator, execution: str, parameter: str, status: str, last: str) -> None:
    """The task is tried once, nothing comes after it, and status and history stay as they were at the end."""
    client, ssm = emulator.client("stepfunctions"), emulator.client("ssm")
    time.sleep(1.5)  # as long as a retry and what follows would take
    assert client.describe_execution(executionArn=execution)["status"] == status
    history = [event["type"] for event in client.get_execution_history(executionArn=execution)["events"]]
    assert history.count("TaskScheduled") == 1
    assert history[-1] == last
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=parameter)


NESTED = pytest.mark.parametrize("nest", [lambda states: states, in_a_map], ids=["at the top", "in a map"])


@NESTED
def test_a_stopped_execution_does_not_go_on(emulator: Emulator, nest: Nest) -> None:
    name = unique("/parameter")
    states = nest(stubborn(make_function(emulator, TAKE_TOKEN), name))
    arn = start(emulator, states, allow("*"), data={"items": [1]})
    client = emulator.client("stepfunctions")
    wait_until(
        lambda: [event["type"] for event in client.get_execution_history(executionArn=arn)["events"]],
        lambda history: "TaskScheduled" in history,
    )
    client.stop_execution(executionArn=arn)
    assert_nothing_follows(emulator, arn, name, "ABORTED", "ExecutionAborted")


@NESTED
def test_an_execution_that_takes_longer_than_its_machine_allows_times_out(emulator: Emulator, nest: Nest) -> None:
    name = unique("/parameter")
    states = nest(stubborn(make_function(emulator, TAKE_TOKEN), name))
    arn = start(emulator, states, allow("*"), data={"items": [1]}, TimeoutSeconds=2)
    client = emulator.client("stepfunctions")
    ended = wait_until(lambda: client.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING")
    assert (ended["status"], ended["error"]) == ("TIMED_OUT", "States.Timeout")
    assert "longer than its state machine's 2 seconds" in ended["cause"]
    assert_nothing_follows(emulator, arn, name, "TIMED_OUT", "ExecutionTimedOut")


@pytest.mark.parametrize("inside", [False, True], ids=["at the end", "in a map"])
def test_a_succeed_state_gives_the_output_that_it_is_told_to(emulator: Emulator, inside: bool) -> None:
    speaks: dict[str, Any] = {"QueryLanguage": "JSONata"}
    done = {"Done": {**speaks, "Type": "Succeed", "Output": {"twice": "{% 2 * $states.input.number %}"}}}
    each = {**speaks, "Type": "Map", "Items": [{"number": 4}], "End": True}
    each["ItemProcessor"] = {"StartAt": "Done", "States": done}
    ended = execute(emulator, {"Each": each} if inside else done, data={"number": 4})
    assert json.loads(ended["output"]) == ([{"twice": 8}] if inside else {"twice": 8})


def test_the_scale_that_shortens_waits_does_not_shorten_the_executions_time(emulator: Emulator) -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 100, "Next": "Wait again"}}  # a second, under the tests' scale
    states["Wait again"] = {"Type": "Wait", "Seconds": 100, "End": True}
    arn = start(emulator, states, TimeoutSeconds=60)
    client = emulator.client("stepfunctions")
    ended = wait_until(lambda: client.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING")
    assert ended["status"] == "SUCCEEDED"
