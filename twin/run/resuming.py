"""The last run goes on where it was stopped: its account is kept, and its execution is redriven.

A pipeline of SageMaker ends with the emulator, where AWS would have gone on with it. So it is retried, which does again
what had not succeeded, before the state machine looks at it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from cdk_app.settings import Settings
from twin.emulator import Emulator
from twin.run import staging
from twin.run.board import Board, Status
from twin.run.cpu import CpuMeter
from twin.run.execution import STEPS, step_of_state
from twin.run.session import ENVIRONMENT, USE_STEP, Begun, Finished, Options, conclude, emulator_folder

START_STEP = "StartEmulator"
DONE = "done before"
_ENDED_PIPELINE = ("Failed", "Stopped")


class NothingToResume(Exception):
    """There is no run to go on with; the text says why, and what to do."""


@dataclass(frozen=True)
class Reached:
    """Where an execution is: the steps that it has been through, the one that it was stopped in, its last event."""

    done: tuple[str, ...]
    stopped_in: str | None
    gave_up: bool
    events: int


def resumed_board() -> Board:
    """Return a board with the steps of a run that goes on."""
    board = Board()
    for name, label in {START_STEP: "Start the emulator again", **STEPS, USE_STEP: "Use the deployed model"}.items():
        board.add(name, label)
    return board


def resume(settings: Settings, options: Options, board: Board, after: Callable[[Emulator, Finished], None]) -> Finished:
    """Go on with the last run of the account, to its end; as `session.run`, with the steps of `resumed_board`.

    Raises:
        NothingToResume: it has succeeded, or has failed in a way that it would only repeat.
        EmulatorError: the emulator did not start.
    """
    with ExitStack() as stack:
        stack.enter_context(CpuMeter(os.getpid(), board))
        with board.step(START_STEP):
            emulator = stack.enter_context(Emulator(emulator_folder(options.root), persist=True))
        outputs = staging.stack_outputs(emulator, ENVIRONMENT)
        if "StateMachineArn" not in outputs:
            raise NothingToResume("The last run has been destroyed. `fourfold run` starts another.")
        client = emulator.client("stepfunctions")
        described = _last_execution(client, outputs["StateMachineArn"])
        reached = _reached(client, described)
        _refuse_what_has_ended(described, reached)
        for step in reached.done:
            board.finish(step, Status.SUCCEEDED, DONE)
        if reached.stopped_in == "FineTune":
            _retry_pipeline(emulator.client("sagemaker"), described)
        client.redrive_execution(executionArn=described["executionArn"])
        begun = Begun(emulator, outputs, described["executionArn"], reached.events)
        return conclude(begun, settings, options, board, after)


def _last_execution(client: Any, machine: str) -> dict[str, Any]:
    executions = client.list_executions(stateMachineArn=machine)["executions"]
    newest = max(executions, key=lambda execution: execution["startDate"])
    described: dict[str, Any] = client.describe_execution(executionArn=newest["executionArn"])
    return described


def _reached(client: Any, described: dict[str, Any]) -> Reached:
    machine = client.describe_state_machine(stateMachineArn=described["stateMachineArn"])
    steps = step_of_state(json.loads(machine["definition"]))
    pages = client.get_paginator("get_execution_history").paginate(executionArn=described["executionArn"])
    events = [event for page in pages for event in page["events"]]
    entered = [event for event in events if event["type"].endswith("StateEntered")]
    names = [event["stateEnteredEventDetails"]["name"] for event in entered]
    seen = [steps[name] for name in names if steps.get(name) in STEPS]
    stopped_in = seen[-1] if seen else None
    return Reached(
        done=tuple(step for step in dict.fromkeys(seen) if step != stopped_in),
        stopped_in=stopped_in,
        gave_up=bool(entered) and entered[-1]["type"] == "FailStateEntered",
        events=len(events),
    )


def _refuse_what_has_ended(described: dict[str, Any], reached: Reached) -> None:
    name, status = described["name"], described["status"]
    if status == "SUCCEEDED":
        raise NothingToResume(f"The run {name} has succeeded: there is nothing left to do. `fourfold ask` uses it.")
    if reached.gave_up:
        raise NothingToResume(
            f"The run {name} failed and cleaned up after itself, so going on would only fail again. Mend the cause, "
            f"and start another with `fourfold run`:\n{described.get('cause') or described.get('error') or status}"
        )


def _retry_pipeline(client: Any, described: dict[str, Any]) -> None:
    """Let the run's pipeline do again what the end of the emulator has stopped."""
    for pipeline in client.list_pipelines()["PipelineSummaries"]:
        executions = client.list_pipeline_executions(
            PipelineName=pipeline["PipelineName"], CreatedAfter=described["startDate"]
        )["PipelineExecutionSummaries"]
        for execution in executions:
            if execution["PipelineExecutionStatus"] in _ENDED_PIPELINE:
                client.retry_pipeline_execution(PipelineExecutionArn=execution["PipelineExecutionArn"])
