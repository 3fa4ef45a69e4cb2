"""Start the deployed state machine, follow it to its end, and keep the board true while it runs.

The state machine says itself which step a state belongs to: each state's `Comment` begins with the step's name
and a colon. Whoever adds a state to the workflow therefore need not tell the twin.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from twin import events
from twin.run.board import Board
from twin.run.evaluation import evaluation_of
from twin.run.history import Results, results
from twin.run.reporter import Reporter
from twin.run.tracker import EVALUATE, WAY_OUT, Tracker
from twin.run.trainings import Trainings

if TYPE_CHECKING:
    from twin.emulator import Emulator

POLL_S = 1.0
STEPS = {
    "ResolveRun": "Check the run's input",
    "PrepareData": "Prepare the data (Glue)",
    "CheckData": "Check the data",
    EVALUATE: "Evaluate the candidates",
    "SelectModel": "Select a model",
    "FineTune": "Fine-tune (SageMaker pipeline)",
    "CompareWithChampion": "Compare with the champion",
    "AwaitApproval": "Approve",
    "Deploy": "Deploy (CloudFormation)",
    "SmokeTest": "Smoke test",
    "Record": "Record the lineage",
}


@dataclass(frozen=True)
class Outcome:
    """How an execution ended.

    Attributes:
        arn: the execution's ARN.
        run_id: its name, which is the run's id everywhere.
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        output: the execution's output where it succeeded.
        error, cause: the error's name and text where it did not.
        results: what each step gave before the end, by the step's name.
        started: when it began.
        gave_up: whether it ended in a state that says so, after it had cleaned up.
    """

    arn: str
    run_id: str
    status: str
    output: dict[str, Any]
    error: str = ""
    cause: str = ""
    results: Results = field(default_factory=dict)
    started: datetime | None = None
    gave_up: bool = False


def step_of_state(definition: dict[str, Any]) -> dict[str, str]:
    """Map every state's name, also inside maps and parallels, to the step its comment names."""
    return {name: step for name, step, _ in _states(definition)}


def candidates_at_once(definition: dict[str, Any]) -> int:
    """Return how many candidates the definition lets be evaluated at a time; 0 where it sets no limit."""
    return max(
        (state.get("MaxConcurrency", 0) for _, step, state in _states(definition) if step == EVALUATE), default=0
    )


def _states(definition: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (name, step, state) for every state that belongs to a step, also inside maps and parallels."""
    for name, state in definition.get("States", {}).items():
        step = state.get("Comment", "").partition(":")[0].strip()
        if step in STEPS or step in WAY_OUT:
            yield name, step, state
        for part in filter(None, [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]):
            yield from _states(part)


def execution_arn(state_machine_arn: str, run_id: str) -> str:
    """Return the ARN of the execution that is named after a run, started or not."""
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{run_id}"


def start(emulator: Emulator, state_machine_arn: str, run_id: str, overrides: dict[str, Any]) -> str:
    """Start an execution named after the run and return its ARN."""
    client = emulator.client("stepfunctions")
    started = client.start_execution(stateMachineArn=state_machine_arn, name=run_id, input=json.dumps(overrides))
    return str(started["executionArn"])


def follow(emulator: Emulator, arn: str, board: Board, seen: int = 0, step: str | None = None) -> Outcome:
    """Watch an execution to its end, showing each state and each long job on the board.

    Args:
        emulator: the emulator that it goes on in.
        arn: the execution.
        board: what to keep true.
        seen: the last event of its history that is no news any more.
        step: the step that it was in by then.
    """
    client, s3 = emulator.client("stepfunctions"), emulator.client("s3")
    described = client.describe_execution(executionArn=arn)
    machine = client.describe_state_machine(stateMachineArn=described["stateMachineArn"])
    definition = json.loads(machine["definition"])
    steps, at_once = step_of_state(definition), candidates_at_once(definition)
    so_far = partial(results, client, arn, steps)
    reporter = Reporter(board.tell, s3, so_far)
    offset = emulator.events_file.stat().st_size if emulator.events_file.exists() else 0
    before = (record for record, end in events.read(emulator.events_file) if end <= offset)
    tracker = Tracker(board, steps, lambda: evaluation_of(so_far(), at_once), reporter.left, Trainings(before))
    tracker.seen = seen
    if step is not None:
        tracker.go_on(step)
    while True:
        described = client.describe_execution(executionArn=arn)
        for event in _new_events(client, arn, tracker.seen):
            tracker.take(event)
        for record, end in events.read(emulator.events_file, offset):
            tracker.show(record)
            offset = end
        if tracker.evaluation is not None and reporter.look(tracker.evaluation):
            tracker.show_evaluation()
        if described["status"] != "RUNNING":
            break
        time.sleep(POLL_S)
    outcome = _outcome(described, so_far(), tracker.gave_up)
    tracker.close(succeeded=outcome.status == "SUCCEEDED", cause=outcome.cause)
    return outcome


def _outcome(described: dict[str, Any], found: Results, gave_up: bool) -> Outcome:
    return Outcome(
        arn=described["executionArn"],
        run_id=described["name"],
        status=described["status"],
        output=json.loads(described.get("output") or "{}"),
        error=described.get("error", ""),
        cause=described.get("cause", ""),
        results=found,
        started=described["startDate"],
        gave_up=gave_up,
    )


def _new_events(client: Any, execution_arn: str, seen: int) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, includeExecutionData=False, PaginationConfig={"PageSize": 1000}
    )
    for page in pages:
        for event in page["events"]:
            if event["id"] > seen:
                yield event
