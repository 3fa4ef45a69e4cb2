"""A run that waits for a person, and the person's answer.

On AWS the answer's commands come by mail, with the task's token in them. Here the token is in the twin's events,
and whoever answers asks the emulator that the run has started.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twin import events
from twin.emulator import RunningEmulator
from twin.report.wording import selection_reason
from twin.run.execution import step_of_state
from twin.run.history import Results, results


class NobodyWaits(Exception):
    """No run waits for an approval; the text says what there is instead."""


@dataclass(frozen=True)
class Request:
    """A run's request for approval.

    Attributes:
        client: a Step Functions client of the emulator that the run goes on in.
        execution_arn: the run's execution.
        token: what the answer is addressed to.
    """

    client: Any
    execution_arn: str
    token: str

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.execution_arn.rpartition(":")[2]

    def known(self) -> Results:
        """Return what the run's steps have given so far, by the step's name."""
        execution = self.client.describe_execution(executionArn=self.execution_arn)
        machine = self.client.describe_state_machine(stateMachineArn=execution["stateMachineArn"])
        return results(self.client, self.execution_arn, step_of_state(json.loads(machine["definition"])))

    def approve(self, name: str) -> None:
        """Let the run deploy its model. Raises NobodyWaits where the run waits no more."""
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._answer("send_task_success", output=json.dumps({"approved_by": name, "approved_at": moment}))

    def reject(self, why: str) -> None:
        """End the run, and leave deployed what is. Raises NobodyWaits where the run waits no more."""
        self._answer("send_task_failure", error="ApprovalRejected", cause=why)

    def _answer(self, operation: str, **answer: str) -> None:
        gone = (self.client.exceptions.TaskTimedOut, self.client.exceptions.TaskDoesNotExist)
        try:
            getattr(self.client, operation)(taskToken=self.token, **answer)
        except gone as error:
            raise NobodyWaits(f"The run {self.run_id} no longer waits for an answer.") from error


def request(work_dir: Path) -> Request:
    """Return the request of the run that goes on in an emulator's directory.

    Raises:
        NobodyWaits: no run goes on, or it does not wait.
    """
    emulator = RunningEmulator.in_directory(work_dir)
    if emulator is None:
        raise NobodyWaits("No run is going on: none waits for an answer.")
    client = emulator.client("stepfunctions")
    asked = [record for record, _ in events.read(emulator.events_file) if record["kind"] == "waiting"]
    for record in reversed(asked):
        running = client.describe_execution(executionArn=record["id"])["status"] == "RUNNING"
        if running and record["state"] not in _left(client, record["id"]):
            return Request(client, record["id"], record["token"])
    raise NobodyWaits("The run that is going on does not wait for an approval, or not yet.")


def _left(client: Any, execution_arn: str) -> set[str]:
    """Return the states that an execution has left."""
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    events_of_exits = (e for page in pages for e in page["events"] if e["type"].endswith("StateExited"))
    return {event["stateExitedEventDetails"]["name"] for event in events_of_exits}


def figures(known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Put what a person decides by into words: why the model was chosen, and what the tuned one is compared with."""
    if (selected := known.get("SelectModel", {})).get("reason"):
        yield selection_reason(selected)
    if compared := known.get("CompareWithChampion"):
        (low, high), opponent = compared["ci"], compared["champion"]
        metric, tuned, floor = compared["metric"], compared["challenger"]["value"], known["ResolveRun"]["floor"]
        yield (
            f"Tuned: {metric} {tuned:.3f}, {compared['difference']:+.3f} [{low:+.3f}, {high:+.3f}] beside the "
            f"{'base model' if opponent['kind'] == 'base' else 'champion'}'s {opponent['value']:.3f}, "
            f"on {compared['examples']} test records."
        )
        yield f"It {'clears' if tuned >= floor else 'does not reach'} the floor, {metric} {floor:g}."
        if note := opponent.get("note"):
            yield str(note)
        if undecided := compared.get("undecided"):
            yield f"The evaluation could not tell: {'; '.join(undecided)}."
