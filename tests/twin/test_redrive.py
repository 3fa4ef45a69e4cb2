"""An execution that did not succeed goes on where it ended, and does nothing twice that was done."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, start, unique, wait_until
from twin.emulator import Emulator

Json = dict[str, Any]
_STATES = ("First", "Second", "Third")
_NOTE = "arn:aws:states:::aws-sdk:sqs:sendMessage"


class Machine:
    """A state machine that sends a message in each state, and what came of it."""

    def __init__(self, emulator: Emulator) -> None:
        self.client, self._emulator = emulator.client("stepfunctions"), emulator
        self._sqs, self._ssm = emulator.client("sqs"), emulator.client("ssm")
        self.queue = self._sqs.create_queue(QueueName=unique("notes"))["QueueUrl"]
        self.gate = unique("/gate")

    def note(self, text: str, **settings: Any) -> Json:
        """A state that sends a message and sets a variable."""
        arguments = {"QueueUrl": self.queue, "MessageBody": text}
        return {"Type": "Task", "Resource": _NOTE, "Arguments": arguments, "Output": {"by": text}, **settings}

    def reading_gate(self, **settings: Any) -> Json:
        """A state that fails until `open_gate`."""
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
            "Arguments": {"Name": self.gate},
            **settings,
        }

    def open_gate(self) -> None:
        self._ssm.put_parameter(Name=self.gate, Value="open", Type="String")

    def start(self, states: Json) -> str:
        spoken = {name: {"QueryLanguage": "JSONata", **state} for name, state in states.items()}
        return start(self._emulator, spoken, allow("*"), data={"number": 4})

    def ended(self, arn: str) -> Json:
        found: Json = wait_until(
            lambda: self.client.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING"
        )
        return found

    def history(self, arn: str) -> list[str]:
        return [event["type"] for event in self.client.get_execution_history(executionArn=arn)["events"]]

    def entered(self, arn: str) -> list[str]:
        events = self.client.get_execution_history(executionArn=arn)["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def notes(self) -> list[str]:
        """Every message that has been sent, in no order."""
        texts = []
        while found := self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            texts += [message["Body"] for message in found]
            for message in found:
                self._sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return sorted(texts)


@pytest.fixture
def machine(emulator: Emulator) -> Machine:
    return Machine(emulator)


@pytest.mark.parametrize("stopped_after", range(len(_STATES)))
def test_a_run_stopped_between_any_two_states_goes_on_with_the_next(machine: Machine, stopped_after: int) -> None:
    states: Json = {}
    for place, name in enumerate(_STATES):
        states[name] = machine.note(name, Assign={name: "{% $states.input %}"}, Next="Pause" + name)
        seconds = 500 if place == stopped_after else 0  # five, under the tests' scale
        following = _STATES[place + 1] if place + 1 < len(_STATES) else "Done"
        states["Pause" + name] = {"Type": "Wait", "Seconds": seconds, "Next": following}
    states["Done"] = {"Type": "Succeed", "Output": "{% [$First, $Second, $Third] %}"}
    arn = machine.start(states)
    pause = "Pause" + _STATES[stopped_after]
    wait_until(lambda: machine.entered(arn), lambda names: pause in names)
    machine.client.stop_execution(executionArn=arn)
    assert machine.client.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE"

    machine.client.redrive_execution(executionArn=arn)
    ended = machine.ended(arn)
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"]) == [{"number": 4}, {"by": "First"}, {"by": "Second"}]
    assert (ended["redriveCount"], ended["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    assert machine.notes() == sorted(_STATES)
    history = machine.history(arn)
    assert history[history.index("ExecutionAborted") + 1] == "ExecutionRedriven"
    assert history[-1] == "ExecutionSucceeded"


def test_a_state_that_was_done_is_not_done_again_when_a_run_is_stopped_before_the_next_one(machine: Machine) -> None:
    # States so short that most stops fall between two of them, and the first one before any.
    names = [f"State{number}" for number in range(5000)]
    states: Json = {name: {"Type": "Pass", "Next": following} for name, following in pairwise([*names, "Done"])}
    arn = machine.start({**states, "Done": {"Type": "Succeed"}})
    stops = 0
    while machine.client.describe_execution(executionArn=arn)["status"] != "SUCCEEDED":
        with suppress(ClientError):  # it has come to its end since
            machine.client.stop_execution(executionArn=arn)
            machine.client.redrive_execution(executionArn=arn)
            stops += 1
    assert stops >= 3
    pages = machine.client.get_paginator("get_execution_history").paginate(executionArn=arn)
    left = [event["stateExitedEventDetails"] for page in pages for event in page["events"] if _is_exit(event)]
    assert Counter(state["name"] for state in left).most_common(1)[0][1] == 1


def _is_exit(event: Json) -> bool:
    return "stateExitedEventDetails" in event


def test_a_failed_state_is_done_again_and_those_before_it_are_not(machine: Machine) -> None:
    states = {"Note": machine.note("noted", Next="Gate"), "Gate": machine.reading_gate(End=True)}
    arn = machine.start(states)
    assert machine.ended(arn)["status"] == "FAILED"
    machine.client.redrive_execution(executionArn=arn)
    assert machine.ended(arn)["status"] == "FAILED"
    machine.open_gate()
    machine.client.redrive_execution(executionArn=arn)
    ended = machine.ended(arn)
    assert (ended["status"], ended["redriveCount"]) == ("SUCCEEDED", 2)
    assert machine.entered(arn) == ["Note", "Gate", "Gate", "Gate"]
    assert machine.notes() == ["noted"]


def test_only_the_iterations_of_a_map_that_failed_are_done_again(machine: Machine) -> None:
    speaks = {"QueryLanguage": "JSONata"}
    note = machine.note("{% $states.input %}", Output="{% $states.input %}", End=True)
    each = {
        "Which": {
            **speaks,
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 'b' %}", "Next": "Gate"}],
            "Default": "Note",
        },
        "Gate": {**speaks, **machine.reading_gate(Output="{% $states.input %}", Next="Note")},
        "Note": {**speaks, **note},
    }
    processor = {"StartAt": "Which", "States": each}
    arn = machine.start({"Each": {"Type": "Map", "Items": ["a", "b", "c"], "ItemProcessor": processor, "End": True}})
    assert machine.ended(arn)["status"] == "FAILED"
    assert machine.notes() == ["a", "c"]
    machine.open_gate()
    machine.client.redrive_execution(executionArn=arn)
    assert json.loads(machine.ended(arn)["output"]) == ["a", "b", "c"]
    assert machine.notes() == ["b"]


def test_what_runs_or_has_succeeded_is_not_redrivable(machine: Machine) -> None:
    arn = machine.start({"Wait": {"Type": "Wait", "Seconds": 300, "Next": "Done"}, "Done": {"Type": "Succeed"}})
    for status in ("RUNNING", "SUCCEEDED"):
        with pytest.raises(ClientError, match=f"Execution is {status} and cannot be redriven") as error:
            machine.client.redrive_execution(executionArn=arn)
        assert error.value.response["Error"]["Code"] == "ExecutionNotRedrivable"
        machine.ended(arn)


def test_a_repeated_request_with_the_same_token_redrives_once(machine: Machine) -> None:
    arn = machine.start({"Gate": machine.reading_gate(End=True)})
    machine.ended(arn)
    machine.open_gate()
    first = machine.client.redrive_execution(executionArn=arn, clientToken="once")
    machine.ended(arn)
    again = machine.client.redrive_execution(executionArn=arn, clientToken="once")
    assert again["redriveDate"] == first["redriveDate"]
    assert machine.history(arn).count("ExecutionRedriven") == 1


def test_an_execution_that_is_not_there_cannot_be_redriven(machine: Machine) -> None:
    arn = machine.start({"Done": {"Type": "Succeed"}})
    with pytest.raises(machine.client.exceptions.ExecutionDoesNotExist):
        machine.client.redrive_execution(executionArn=f"{arn}-other")
