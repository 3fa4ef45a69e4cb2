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
from datetime import UTC, datetime
from typing import Any

from cdk_app.settings import Settings
from twin.emulator import Emulator
from twin.run import news, staging
from twin.run.attempts import DONE, attempted
from twin.run.board import Board, Status
from twin.run.cpu import CpuMeter
from twin.run.execution import STEPS, step_of_state
from twin.run.reopened import wait_for_endpoints
from twin.run.session import ENVIRONMENT, USE_STEP, Begun, Finished, Options, conclude, emulator_folder
from twin.run.standing import Standing, State, standing

START_STEP = "StartEmulator"
WAITS_FOR_PIPELINE = frozenset({"FineTune", "WaitForFineTune", "DescribeFineTune", "FineTuneFinished"})
"""States for which a pipeline has to go on. In any other, one that has ended has ended for the run too."""
_ENDED_PIPELINE = ("Failed", "Stopped")
_GONE = (
    "What the last run deployed is no longer there: it was destroyed, or its emulator was killed before it could save. "
    "`fourfold run` starts another."
)


class NothingToResume(Exception):
    """There is no run to go on with; the text says why, and what to do."""


@dataclass(frozen=True)
class Reached:
    """Where an execution is.

    Attributes:
        done: the steps that it has been through.
        stopped_in: the step that it was stopped in; None where it has succeeded, or came to none.
        state: the last state that it entered, if it did.
        gave_up: whether it has ended by itself, without success.
        events: how many events its history has.
    """

    done: tuple[str, ...]
    stopped_in: str | None
    state: str | None
    gave_up: bool
    events: int


def refuse_at_once(stands: Standing | None) -> Standing:
    """Return a run that may go on; refuse what is known not to, before anything is claimed or started for it.

    Raises:
        NothingToResume: there is no run, or it goes on by itself, or has ended and is reported, or was destroyed.
    """
    if stands is None:
        raise NothingToResume("No run on this machine has come to its workflow. `fourfold run` starts one.")
    if stands.at_work:
        raise NothingToResume(f"There is nothing to resume yet. {stands}")
    if stands.state in (State.SUCCEEDED, State.DESTROYED):
        raise NothingToResume(f"There is nothing to resume. {stands}")
    last = stands.attempts[-1] if stands.attempts else None
    if stands.state is State.FAILED and last is not None and last.gave_up:
        raise NothingToResume(_gave_up(stands.run.run_id, last.why or last.how))
    return stands


def refuse_what_is_lost(stands: Standing | None) -> Standing:
    """Return a run that may go on; to be asked once it is claimed, as until then another may be saving its account.

    Raises:
        NothingToResume: as `refuse_at_once`, or what it left is gone.
    """
    run = refuse_at_once(stands)
    if run.state is State.LOST:
        raise NothingToResume(str(run))
    return run


def _gave_up(name: str, why: str) -> str:
    return (
        f"The run {name} failed and cleaned up after itself, so going on would only fail again. `fourfold report` "
        f"shows how far it came. Mend the cause, and start another with `fourfold run`:\n{why}"
    )


def resumed_board() -> Board:
    """Return a board with the steps of a run that goes on."""
    board = Board()
    for name, label in {START_STEP: "Start the emulator again", **STEPS, USE_STEP: "Use the deployed model"}.items():
        board.add(name, label)
    return board


def resume(
    arn: str, settings: Settings, options: Options, board: Board, after: Callable[[Emulator, Finished], None]
) -> Finished:
    """Go on with an execution of the account, to its end; as `session.run`, with the steps of `resumed_board`.

    One that has ended is not redriven. It is only reported, and used where it has succeeded, if that had not been done.

    Raises:
        NothingToResume: it has ended and has a report, or cannot be redriven, or is no longer there.
        EmulatorError: the emulator did not start.
    """
    since, folder = datetime.now(UTC), emulator_folder(options.root)
    stands = standing(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(CpuMeter(os.getpid(), board))
        with board.step(START_STEP) as show:
            attempt = stack.enter_context(attempted(folder, board, since, none=(NothingToResume,)))
            emulator = stack.enter_context(Emulator(folder, persist=True))
            stack.push(attempt.ended_by)
            wait_for_endpoints(emulator, show)
        outputs = staging.stack_outputs(emulator, ENVIRONMENT)
        if "StateMachineArn" not in outputs:
            raise NothingToResume(_GONE)
        client = emulator.client("stepfunctions")
        described = _execution(client, arn)
        reached = _reached(client, described)
        for step in reached.done:
            board.finish(step, Status.SUCCEEDED, DONE)
        unreported = stands is not None and stands.state is State.UNREPORTED
        if unreported or reached.gave_up or described["status"] == "SUCCEEDED":
            _refuse_what_is_reported(stands, described)
            begun = Begun(emulator, outputs, arn, attempt)
        else:
            if reached.state in WAITS_FOR_PIPELINE:
                _retry_pipeline(emulator.client("sagemaker"), described)
            _redrive(client, described)
            begun = Begun(emulator, outputs, arn, attempt, reached.events, reached.stopped_in)
        board.tell(news.Begun(described["name"], again=True))
        return conclude(begun, settings, options, board, after)


def _execution(client: Any, arn: str) -> dict[str, Any]:
    try:
        described: dict[str, Any] = client.describe_execution(executionArn=arn)
    except client.exceptions.ExecutionDoesNotExist:
        name = arn.rpartition(":")[2]
        raise NothingToResume(
            f"The run {name} was stopped before its workflow began. `fourfold run` starts another."
        ) from None
    return described


def _reached(client: Any, described: dict[str, Any]) -> Reached:
    machine = client.describe_state_machine(stateMachineArn=described["stateMachineArn"])
    steps = step_of_state(json.loads(machine["definition"]))
    pages = client.get_paginator("get_execution_history").paginate(executionArn=described["executionArn"])
    events = [event for page in pages for event in page["events"]]
    entered = [event for event in events if event["type"].endswith("StateEntered")]
    names = [event["stateEnteredEventDetails"]["name"] for event in entered]
    seen = [steps[name] for name in names if steps.get(name) in STEPS]
    stopped_in = seen[-1] if seen and described["status"] != "SUCCEEDED" else None
    return Reached(
        done=tuple(step for step in dict.fromkeys(seen) if step != stopped_in),
        stopped_in=stopped_in,
        state=names[-1] if names else None,
        gave_up=bool(entered) and entered[-1]["type"] == "FailStateEntered",
        events=len(events),
    )


def _refuse_what_is_reported(stands: Standing | None, described: dict[str, Any]) -> None:
    """Refuse an execution that has ended for good, where its report tells of that end."""
    if stands is None or stands.reported != described["status"]:
        return
    if stands.reported == "SUCCEEDED":
        raise NothingToResume(f"There is nothing to resume. {stands}")
    why = described.get("cause") or described.get("error") or described["status"]
    raise NothingToResume(_gave_up(described["name"], why))


def _redrive(client: Any, described: dict[str, Any]) -> None:
    try:
        client.redrive_execution(executionArn=described["executionArn"])
    except client.exceptions.ExecutionNotRedrivable as error:
        reason = error.response["Error"]["Message"]
        raise NothingToResume(
            f"The run {described['name']} cannot go on: {reason}. `fourfold run` starts another."
        ) from None


def _retry_pipeline(client: Any, described: dict[str, Any]) -> None:
    """Let the run's pipeline do again what the end of the emulator has stopped."""
    for pipeline in client.list_pipelines()["PipelineSummaries"]:
        executions = client.list_pipeline_executions(
            PipelineName=pipeline["PipelineName"], CreatedAfter=described["startDate"]
        )["PipelineExecutionSummaries"]
        for execution in executions:
            if execution["PipelineExecutionStatus"] in _ENDED_PIPELINE:
                client.retry_pipeline_execution(PipelineExecutionArn=execution["PipelineExecutionArn"])
