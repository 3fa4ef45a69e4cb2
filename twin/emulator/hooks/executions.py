"""Executions of state machines end as on AWS: in time, and once.

The emulator leaves a state machine's own `TimeoutSeconds` aside, and lets what was still under way when an
execution was stopped overwrite how it ended.
"""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ministack.services import stepfunctions

from twin.emulator.hooks.lifecycle import on_shutdown
from twin.emulator.hooks.services import Json

EMULATOR_ENDED = "Fourfold.EmulatorEnded"
_LAST_EVENTS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


def enforce_execution_timeouts() -> None:
    """End executions TIMED_OUT, with the error States.Timeout, after their state machine's `TimeoutSeconds`.

    These are real seconds: the scale that shortens Wait states does not apply to them.
    """
    run = stepfunctions._run_execution

    def run_in_time(execution_arn: str) -> None:
        with in_time(execution_arn):
            run(execution_arn)

    stepfunctions._run_execution = run_in_time


@contextmanager
def in_time(execution_arn: str) -> Iterator[None]:
    """Watch an execution while it is worked on: its time begins now."""
    seconds = _timeout_of(execution_arn)
    if seconds is None:
        yield
        return
    context = contextvars.copy_context()
    timer = threading.Timer(seconds, context.run, (_time_out, execution_arn, seconds))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _timeout_of(execution_arn: str) -> float | None:
    execution = stepfunctions._executions.get(execution_arn)
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) if execution else None
    if machine is None:
        return None  # the emulator itself fails such an execution
    seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
    return None if seconds is None else float(seconds)


def _time_out(execution_arn: str, seconds: float) -> None:
    execution = stepfunctions._executions[execution_arn]
    if execution["status"] != "RUNNING":
        return
    error, cause = "States.Timeout", f"The execution took longer than its state machine's {seconds:g} seconds."
    execution.update(status="TIMED_OUT", stopDate=stepfunctions.now_iso(), error=error, cause=cause)
    details = {"executionTimedOutEventDetails": {"error": error, "cause": cause}}
    stepfunctions._add_event(execution, "ExecutionTimedOut", details)
    stepfunctions._emit_execution_status_event(execution)


def end_executions_with_the_emulator() -> None:
    """Abort what runs when the emulator ends, before its jobs end: a state must not see them fail, and go on from that.

    On AWS nothing ends here. `RedriveExecution` goes on with it, in an emulator that starts on the same directory.
    """
    on_shutdown(_abort_all)


def _abort_all() -> None:
    for execution in stepfunctions._executions.all_values():
        if execution["status"] == "RUNNING":
            cause = "The emulator ended while the execution ran."
            execution.update(status="ABORTED", stopDate=stepfunctions.now_iso(), error=EMULATOR_ENDED, cause=cause)
            details = {"executionAbortedEventDetails": {"error": EMULATOR_ENDED, "cause": cause}}
            stepfunctions._add_event(execution, "ExecutionAborted", details)


def give_succeed_states_their_output() -> None:
    """Evaluate the JSONata `Output` of Succeed states, which the emulator evaluates in every other state."""
    output_path = stepfunctions._apply_output_path

    def output(state: Json, data: object, context: Json | None = None) -> object:
        given = output_path(state, data, context)
        if state.get("Type") != "Succeed" or stepfunctions._state_query_language(state, context) != "JSONata":
            return given
        return stepfunctions._apply_jsonata_output(state, given, context, default=given)

    stepfunctions._apply_output_path = output


def keep_executions_ended() -> None:
    """Leave an execution that has ended as it ended: neither its status nor its history changes any more."""
    fail, add_event = stepfunctions._fail_execution, stepfunctions._add_event

    def fail_while_running(execution: Json, error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    def add_event_while_open(execution: Json, event_type: str, details: Json | None = None) -> None:
        events = execution["events"]
        is_closed = bool(events) and events[-1]["type"] in _LAST_EVENTS
        # A stop sets the status first. A state that ends in between will be done again: it has not been left.
        is_ending = execution["status"] != "RUNNING" and event_type not in _LAST_EVENTS
        if not is_closed and not is_ending:
            add_event(execution, event_type, details)

    stepfunctions._fail_execution = fail_while_running
    stepfunctions._add_event = add_event_while_open
