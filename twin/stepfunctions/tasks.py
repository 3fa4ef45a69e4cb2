"""One attempt of a Task state: find its integration, call it, wait for what it waits for."""

from __future__ import annotations

import contextvars
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from twin import events
from twin.emulator.hooks import Task, TaskFailedError, last_heartbeat, wait_for_token
from twin.stepfunctions.calls import call_sdk
from twin.stepfunctions.integrations import Function, Optimized, SdkCall, UnknownIntegrationError, integration_of
from twin.stepfunctions.optimized import OPTIMIZED, invoke_lambda

MAX_DATA_BYTES = 256 * 1024
_POLL_S = 0.2

Work = Callable[[Task, threading.Event], Any]


def run(task: Task) -> Any:
    """Do the work of a task and answer with its result.

    Raises TaskFailedError: the API's own error, States.Timeout, States.HeartbeatTimeout,
    States.DataLimitExceeded, or States.Runtime for an integration that the twin does not have.
    """
    _check_size(task, task.input, "input")
    result = _within_limits(task, _integration(task))
    _check_size(task, result, "output")
    return result


def _integration(task: Task) -> Work:
    try:
        integration = integration_of(task.resource)
    except UnknownIntegrationError as error:
        raise TaskFailedError("States.Runtime", str(error)) from error
    match integration:
        case SdkCall(service, action, for_token):
            return _waiting(lambda task, _: call_sdk(task, service, action, task.input), for_token)
        case Optimized(name, for_token):
            return _waiting(OPTIMIZED[name], for_token)
        case Function():
            return _function


def _function(task: Task, cancelled: threading.Event) -> Any:
    """A function's ARN in place of an integration: the input is its payload, its answer the result."""
    wrapped = replace(task, input={"FunctionName": task.resource, "Payload": task.input})
    return invoke_lambda(wrapped, cancelled)["Payload"]


def _waiting(work: Work, for_token: bool) -> Work:
    if not for_token:
        return work

    def call_then_wait(task: Task, cancelled: threading.Event) -> Any:
        work(task, cancelled)
        started, told = datetime.now(UTC), False
        while not cancelled.is_set():
            came, output = wait_for_token(task, _POLL_S)
            if came:
                return output
            if not told:
                events.emit("waiting", "stepfunctions", task.execution_arn, state=task.state, token=task.token)
                told = True
            _check_heartbeat(task, started)
        return None

    return call_then_wait


def _check_heartbeat(task: Task, started: datetime) -> None:
    if task.heartbeat is None:
        return
    beat = last_heartbeat(task)
    last = datetime.fromisoformat(beat) if beat else started
    if (datetime.now(UTC) - last).total_seconds() > task.heartbeat:
        raise TaskFailedError("States.HeartbeatTimeout", f"No heartbeat came for {task.heartbeat:g} seconds.")


def _within_limits(task: Task, work: Work) -> Any:
    """Run the work on a thread of its own, so that a timeout or an abort need not wait for it."""
    cancelled = threading.Event()
    outcome: dict[str, Any] = {}

    def target() -> None:
        try:
            outcome["result"] = work(task, cancelled)
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=contextvars.copy_context().run, args=(target,), daemon=True)
    thread.start()
    deadline = None if task.timeout is None else time.monotonic() + task.timeout
    while thread.is_alive():
        thread.join(_POLL_S)
        timed_out = deadline is not None and time.monotonic() > deadline
        if thread.is_alive() and (timed_out or task.aborted):
            cancelled.set()
            thread.join(_POLL_S)
            if timed_out:
                raise TaskFailedError("States.Timeout", f"The task timed out after {task.timeout:g} seconds.")
            raise TaskFailedError("States.Aborted", "The execution was stopped.")
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


def _check_size(task: Task, data: Any, what: str) -> None:
    # As Step Functions counts: the bytes of compact JSON in UTF-8.
    size = len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))
    if size > MAX_DATA_BYTES:
        raise TaskFailedError(
            "States.DataLimitExceeded",
            f"The state/task '{task.state}' has an {what} of {size} bytes, over the limit of {MAX_DATA_BYTES}.",
        )
