"""Start the deployed state machine, follow it to its end, and keep the board true while it runs.

The state machine says itself which step a state belongs to: each state's `Comment` begins with the step's name
and a colon. Whoever adds a state to the workflow therefore need not tell the twin.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin import events
from twin.run.board import Board, Progress, Status

if TYPE_CHECKING:
    from twin.emulator import Emulator

POLL_S = 0.5
STEPS = {
    "ResolveRun": "Check the run's input",
    "PrepareData": "Prepare the data (Glue)",
    "CheckData": "Check the data",
    "EvaluateCandidates": "Evaluate the candidates",
    "SelectModel": "Select a model",
    "FineTune": "Fine-tune (SageMaker pipeline)",
    "CompareWithChampion": "Compare with the champion",
    "AwaitApproval": "Approve",
    "Deploy": "Deploy (CloudFormation)",
    "SmokeTest": "Smoke test",
    "Record": "Record the lineage",
}
WAY_OUT = {"RollBack", "ExplainFailure"}
"""What states of no step say of themselves: entered, they mean that the step before has failed."""


@dataclass(frozen=True)
class Outcome:
    """How an execution ended.

    Attributes:
        arn: the execution's ARN.
        run_id: its name, which is the run's id everywhere.
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        output: the execution's output where it succeeded.
        error, cause: the error's name and text where it did not.
    """

    arn: str
    run_id: str
    status: str
    output: dict[str, Any]
    error: str = ""
    cause: str = ""


def step_of_state(definition: dict[str, Any]) -> dict[str, str]:
    """Map every state's name, also inside maps and parallels, to the step its comment names."""
    found: dict[str, str] = {}
    for name, state in definition.get("States", {}).items():
        step = state.get("Comment", "").partition(":")[0].strip()
        if step in STEPS or step in WAY_OUT:
            found[name] = step
        inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]
        for part in filter(None, inner):
            found.update(step_of_state(part))
    return found


def start(emulator: Emulator, state_machine_arn: str, run_id: str, overrides: dict[str, Any]) -> str:
    """Start an execution named after the run and return its ARN."""
    client = emulator.client("stepfunctions")
    started = client.start_execution(stateMachineArn=state_machine_arn, name=run_id, input=json.dumps(overrides))
    return str(started["executionArn"])


def follow(emulator: Emulator, execution_arn: str, board: Board) -> Outcome:
    """Watch an execution to its end, showing each state and each long job on the board."""
    client = emulator.client("stepfunctions")
    described = client.describe_execution(executionArn=execution_arn)
    machine = client.describe_state_machine(stateMachineArn=described["stateMachineArn"])
    tracker = _Tracker(board, step_of_state(json.loads(machine["definition"])))
    offset = emulator.events_file.stat().st_size if emulator.events_file.exists() else 0
    while True:
        described = client.describe_execution(executionArn=execution_arn)
        for event in _new_events(client, execution_arn, tracker.seen):
            tracker.take(event)
        for record, end in events.read(emulator.events_file, offset):
            tracker.show(record)
            offset = end
        if described["status"] != "RUNNING":
            break
        time.sleep(POLL_S)
    outcome = _outcome(described)
    tracker.close(outcome)
    return outcome


def _outcome(described: dict[str, Any]) -> Outcome:
    return Outcome(
        arn=described["executionArn"],
        run_id=described["name"],
        status=described["status"],
        output=json.loads(described.get("output") or "{}"),
        error=described.get("error", ""),
        cause=described.get("cause", ""),
    )


def _new_events(client: Any, execution_arn: str, seen: int) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, includeExecutionData=False, PaginationConfig={"PageSize": 1000}
    )
    for page in pages:
        for event in page["events"]:
            if event["id"] > seen:
                yield event


class _Tracker:
    """Turns the execution's history into the state of the board."""

    def __init__(self, board: Board, steps: dict[str, str]) -> None:
        self._board, self._steps = board, steps
        self._current: str | None = None
        self.seen = 0

    def take(self, event: dict[str, Any]) -> None:
        self.seen = max(self.seen, event["id"])
        if not event["type"].endswith("StateEntered"):
            return
        step = self._steps.get(event["stateEnteredEventDetails"]["name"])
        if step is None or step == self._current:
            return
        if step in WAY_OUT:
            self._fail()
            return
        if self._current is not None:
            self._board.finish(self._current)
        self._current = step
        self._board.start(step)

    def _fail(self) -> None:
        if self._current is not None:
            self._board.finish(self._current, Status.FAILED)

    def show(self, record: dict[str, Any]) -> None:
        if record.get("kind") != "progress" or self._current is None:
            return
        self._board.advance(self._current, progress_of(record))

    def close(self, outcome: Outcome) -> None:
        if self._current is None:
            return
        succeeded = outcome.status == "SUCCEEDED"
        if succeeded:
            self._board.finish(self._current)
        else:
            self._board.fail(self._current, outcome.cause.strip().split("\n")[0])


def progress_of(record: dict[str, Any]) -> Progress:
    """Read a job's progress line; figures beyond the count, such as the loss, become the note."""
    known = {"phase", "done", "total", "unit", "eta_s", "kind", "source", "id", "time", "t"}
    figures = {k: v for k, v in record.items() if k not in known and isinstance(v, int | float | str)}
    note = ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items())
    return Progress(
        phase=str(record.get("phase", "")),
        done=float(record.get("done") or 0),
        total=float(record.get("total") or 0),
        unit=str(record.get("unit", "")),
        note=note,
        eta_s=record.get("eta_s"),
    )
