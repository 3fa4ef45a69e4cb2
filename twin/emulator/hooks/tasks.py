"""Step Functions' definitions, and the work of their Task states, handed to the twin."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from twin.emulator.hooks.services import Json


class TaskFailedError(Exception):
    """A task's failure: the `error` name that Catch and Retry match, and its `cause`."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


class _ExecutionEnded(Exception):
    """The execution ended while its task ran: there is nobody left to tell how the task ended."""


@dataclass(frozen=True)
class Task:
    """One attempt of a Task state, as its integration sees it."""

    resource: str
    input: Any
    role_arn: str
    execution_arn: str
    state_machine_arn: str
    state: str
    timeout: float | None = None
    heartbeat: float | None = None
    token: str | None = None

    @property
    def aborted(self) -> bool:
        """Whether the execution has ended meanwhile (StopExecution, its timeout)."""
        execution = stepfunctions._executions.get(self.execution_arn)
        return execution is None or execution["status"] != "RUNNING"


Invoke = Callable[[Task], Any]
_task: contextvars.ContextVar[Task] = contextvars.ContextVar("task")


def check_definitions_with(problem: Callable[[Any], str | None]) -> None:
    """Refuse a state machine with what `problem(definition)` tells, when it is created or updated.

    The emulator looks at the JSONata in it alone, and provisions what a template declares without a look. With
    this hook the API answers InvalidDefinition, and CloudFormation fails the resource.
    """
    jsonata_problem, declared = stepfunctions._validate_definition_jsonata, provisioners._sfn_definition

    def first_problem(definition: Any) -> str | None:
        return problem(definition) or jsonata_problem(definition)

    def checked(properties: Json) -> Any:
        definition = declared(properties)
        if found := first_problem(definition):
            raise provisioners._sfn_handler_error(found)
        return definition

    stepfunctions._validate_definition_jsonata = first_problem
    provisioners._sfn_definition = checked


def run_tasks_with(invoke: Invoke) -> None:
    """Let `invoke(task)` do the work of every Task state; it answers with the result.

    It raises TaskFailedError for whatever Retry and Catch shall see. A task with a token
    (`.waitForTaskToken`) must itself wait for it (`wait_for_token`); timeouts are its own too. What it answers
    or raises once the execution has ended (`task.aborted`) counts no more. Without this hook tasks run as the
    emulator, whatever the state machine's role allows.
    """
    execute = stepfunctions._execute_task

    def execute_as_role(state: Json, raw_input: Any, execution: Json, ctx: Json) -> Any:
        machine = stepfunctions._state_machines.get(execution["stateMachineArn"], {})
        task = Task(
            resource=state["Resource"],
            input=None,
            role_arn=machine.get("roleArn", ""),
            execution_arn=execution["executionArn"],
            state_machine_arn=execution["stateMachineArn"],
            state=ctx["State"]["Name"],
            timeout=_seconds(state, "TimeoutSeconds", raw_input, ctx),
            heartbeat=_seconds(state, "HeartbeatSeconds", raw_input, ctx),
        )
        _task.set(task)
        try:
            return execute(state, raw_input, execution, ctx)
        except _ExecutionEnded:
            return raw_input, None  # no retry, no catch, no next state

    def invoke_now(_resource: str, data: Any, *_timeout: float) -> Any:
        return _invoked(invoke, replace(_task.get(), input=data))

    def invoke_with_token(_resource: str, data: Any, token: str, _state: Json) -> Any:
        stepfunctions._task_tokens[token] = {
            "event": threading.Event(),
            "result": None,
            "error": None,
            "heartbeat": None,
            "stateMachineArn": _task.get().state_machine_arn,
        }
        try:
            return _invoked(invoke, replace(_task.get(), input=data, token=token))
        finally:
            stepfunctions._task_tokens.pop(token, None)

    stepfunctions._execute_task = execute_as_role
    stepfunctions._invoke_resource = invoke_now
    stepfunctions._invoke_resource_with_timeout = invoke_now
    stepfunctions._invoke_with_callback = invoke_with_token


def _seconds(state: Json, key: str, raw_input: Any, ctx: Json) -> float | None:
    if path := state.get(f"{key}Path"):
        return float(stepfunctions._resolve_path(path, raw_input))
    if isinstance(state.get(key), str):
        return float(stepfunctions._jsonata_state_field(state, key, "number", raw_input, ctx))
    return float(state[key]) if key in state else None


def _invoked(invoke: Invoke, task: Task) -> Any:
    if task.aborted:
        raise _ExecutionEnded
    try:
        return invoke(task)
    except TaskFailedError as failure:
        if task.aborted:
            raise _ExecutionEnded from failure
        raise stepfunctions._ExecutionError(failure.error, failure.cause) from failure


def wait_for_token(task: Task, seconds: float) -> tuple[bool, Any]:
    """Wait up to `seconds` for SendTaskSuccess or SendTaskFailure: (whether it came, its output).

    Raises TaskFailedError for SendTaskFailure.
    """
    waiting = stepfunctions._task_tokens[task.token]
    if not waiting["event"].wait(seconds):
        return False, None
    if waiting["error"]:
        raise TaskFailedError(waiting["error"]["Error"], waiting["error"]["Cause"])
    return True, json.loads(waiting["result"])


def last_heartbeat(task: Task) -> str | None:
    """When SendTaskHeartbeat was last called for the task's token (ISO 8601), or None."""
    heartbeat: str | None = stepfunctions._task_tokens[task.token]["heartbeat"]
    return heartbeat


def state_machine_of(token: str) -> str | None:
    """The ARN of the state machine that waits for a task token; None for a token that nobody waits for."""
    waiting = stepfunctions._task_tokens.get(token)
    return waiting["stateMachineArn"] if waiting else None
