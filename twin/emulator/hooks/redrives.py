"""RedriveExecution, which the emulator lacks: an execution that did not succeed goes on where it ended.

Each state that is entered leaves in the execution what it began with: its input and the variables. The walk from there
is that of the emulator's own executions, state by state; iterations of a Map that were done are not done again.
"""

from __future__ import annotations

import contextvars
import copy
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.services import stepfunctions

from twin.emulator.hooks.executions import in_time
from twin.emulator.hooks.services import Json, Request, ServiceError, override

_REACHED, _DONE, _KEPT = "reachedState", "doneIterations", "keptIterations"
_PERIOD = timedelta(days=14)
_MOST_EVENTS = 24_999
_WALK_ENDS_S = 30.0
_HANDLERS = {name: f"_execute_{name.lower()}" for name in ("Pass", "Task", "Choice", "Wait", "Parallel", "Map")}

_walks: dict[str, threading.Thread] = {}
_redriving = threading.Lock()


def redrive_executions() -> None:
    """Serve RedriveExecution; the time of the state machine's `TimeoutSeconds` begins anew with it."""
    for handler in _HANDLERS.values():
        setattr(stepfunctions, handler, _remembering(getattr(stepfunctions, handler)))
    stepfunctions._run_sub_machine = _keeping_iterations(stepfunctions._run_sub_machine)
    stepfunctions._run_execution = _known(stepfunctions._run_execution)
    stepfunctions._describe_execution = _with_redrives(stepfunctions._describe_execution)
    override("states", "RedriveExecution", _redrive)


# ---- what a state began with ----------------------------------------------------------------------------


def _remembering(handler: Callable[..., Any]) -> Callable[..., Any]:
    def handle(state: Json, data: Any, *others: Any) -> Any:
        context = others[-1]
        execution = stepfunctions._executions.get(context["Execution"]["Id"]) if context else None
        if execution is None or not _is_outermost(execution, context):
            return handler(state, data, *others)
        _reach(execution, context["State"]["Name"], data, context)
        output, following = handler(state, data, *others)
        # Whoever is stopped between two states has done the first one.
        if following and execution["status"] == "RUNNING":
            _reach(execution, following, output, context)
        return output, following

    return handle


def _reach(execution: Json, name: str, data: Any, context: Json) -> None:
    execution[_REACHED] = copy.deepcopy({"name": name, "input": data, "variables": context["variables"]})
    execution[_DONE] = {}


def _is_outermost(execution: Json, context: Json) -> bool:
    """Whether a state is the machine's own: what runs inside a Map or a Parallel leaves no such event."""
    entered = next((event for event in reversed(execution["events"]) if event["type"].endswith("StateEntered")), None)
    return entered is not None and entered["stateEnteredEventDetails"]["name"] == context["State"]["Name"]


def _keeping_iterations(run: Callable[..., Any]) -> Callable[..., Any]:
    def run_or_recall(states: Json, start_at: str, data: Any, execution: Json, context: Json) -> Any:
        if "Map" not in context or not _is_outermost(execution, context):
            return run(states, start_at, data, execution, context)
        index = str(context["Map"]["Item"]["Index"])
        kept = execution.get(_KEPT, {})
        done = kept.pop(index) if index in kept else run(states, start_at, data, execution, context)
        # One that an abort ended came to no end of its own.
        if execution["status"] == "RUNNING":
            execution[_DONE][index] = copy.deepcopy(done)
        return done

    return run_or_recall


# ---- the request ----------------------------------------------------------------------------------------


def _redrive(request: Request) -> Json:
    arn, token = request.parameters.get("executionArn", ""), request.parameters.get("clientToken")
    with _redriving:
        execution = stepfunctions._executions.get(arn)
        if execution is None:
            raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        if token is not None and execution.get("redriveToken") == token:
            return {"redriveDate": _seconds(execution["redriveDate"])}
        if reason := _not_redrivable(execution):
            raise ServiceError("ExecutionNotRedrivable", reason)
        _end_of_walk(arn)
        _reopen(execution, token)
        stepfunctions._emit_execution_status_event(execution)
        context = contextvars.copy_context()
        # Known at once: whoever stops and redrives before it has begun waits for it.
        _walks[arn] = threading.Thread(target=context.run, args=(_go_on, arn), daemon=True)
        _walks[arn].start()
    return {"redriveDate": _seconds(execution["redriveDate"])}


def _not_redrivable(execution: Json) -> str | None:
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    if execution["status"] in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution['status']} and cannot be redriven"
    if machine is None or machine.get("type") == "EXPRESS":
        return "Execution is of a state machine that has been deleted, or of an EXPRESS one, and cannot be redriven"
    if datetime.now(UTC) - datetime.fromisoformat(execution["stopDate"]) > _PERIOD:
        return "Execution ended more than 14 days ago and cannot be redriven"
    if len(execution["events"]) >= _MOST_EVENTS:
        return f"Execution has {_MOST_EVENTS} events or more in its history and cannot be redriven"
    return None


def _end_of_walk(arn: str) -> None:
    """Wait until the walk that was aborted has seen that, or two would go on."""
    walk = _walks.get(arn)
    if walk is not None:
        walk.join(_WALK_ENDS_S)
        if walk.is_alive():
            raise ServiceError("ExecutionNotRedrivable", "Execution is in a state that has not ended yet: try again")


def _reopen(execution: Json, token: str | None) -> None:
    execution.update(
        status="RUNNING",
        stopDate=None,
        output=None,
        error=None,
        cause=None,
        redriveCount=execution.get("redriveCount", 0) + 1,
        redriveDate=stepfunctions.now_iso(),
        redriveToken=token,
    )
    execution[_KEPT] = execution.pop(_DONE, {})
    # Past the guard that leaves the history of an ended execution alone.
    details = {"redriveCount": execution["redriveCount"]}
    event = {"id": len(execution["events"]) + 1, "type": "ExecutionRedriven", "timestamp": execution["redriveDate"]}
    execution["events"].append({**event, "executionRedrivenEventDetails": details})


def _seconds(date: str) -> float:
    return datetime.fromisoformat(date).timestamp()


def _with_redrives(describe: Callable[[Json], Any]) -> Callable[[Json], Any]:
    def described(data: Json) -> Any:
        status, headers, body = describe(data)
        execution = stepfunctions._executions.get(data.get("executionArn"))
        if execution is None:
            return status, headers, body
        shown = {**json.loads(body), "redriveCount": execution.get("redriveCount", 0)}
        if execution.get("redriveDate"):
            shown["redriveDate"] = execution["redriveDate"]
        reason = _not_redrivable(execution)
        shown["redriveStatus"] = "NOT_REDRIVABLE" if reason else "REDRIVABLE"
        if reason:
            shown["redriveStatusReason"] = reason
        return status, headers, json.dumps(shown).encode()

    return described


# ---- the walk -------------------------------------------------------------------------------------------


def _known(run: Callable[[str], None]) -> Callable[[str], None]:
    def known(arn: str) -> None:
        _walks[arn] = threading.current_thread()
        try:
            run(arn)
        finally:
            _walks.pop(arn, None)

    return known


def _go_on(arn: str) -> None:
    execution = stepfunctions._executions[arn]
    try:
        with in_time(arn):
            output = _walk(execution)
        if execution["status"] == "RUNNING":
            execution.update(status="SUCCEEDED", output=json.dumps(output), stopDate=stepfunctions.now_iso())
            details = {"executionSucceededEventDetails": {"output": execution["output"]}}
            stepfunctions._add_event(execution, "ExecutionSucceeded", details)
            stepfunctions._emit_execution_status_event(execution)
    except stepfunctions._ExecutionError as error:
        stepfunctions._fail_execution(execution, error.error, error.cause)
    except Exception as error:
        stepfunctions.logger.exception("Unexpected error in execution %s", arn)
        stepfunctions._fail_execution(execution, "States.Runtime", str(error))
    finally:
        _walks.pop(arn, None)


def _walk(execution: Json) -> Any:
    """Do the states from the one that was reached on; the output of the last."""
    machine = stepfunctions._state_machines[execution["stateMachineArn"]]
    definition = json.loads(machine["definition"])
    reached = copy.deepcopy(execution.get(_REACHED)) or _first(definition, execution)
    name, data = reached["name"], reached["input"]
    context = {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "StartTime": execution["startDate"],
            "RedriveCount": execution["redriveCount"],
            "RedriveTime": execution["redriveDate"],
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": reached["variables"],
    }
    while name and execution["status"] == "RUNNING":
        state = definition["States"][name]
        context["State"] = {"Name": name, "EnteredTime": stepfunctions.now_iso(), "RetryCount": 0}
        entered = {"name": name, "input": json.dumps(data)}
        stepfunctions._add_event(execution, f"{state['Type']}StateEntered", {"stateEnteredEventDetails": entered})
        data, following = _do(state, data, execution, context)
        # A Map's own iterations are kept for the state that was reached, not for one after it.
        execution[_KEPT] = {}
        exited = {"name": name, "output": json.dumps(data)}
        stepfunctions._add_event(execution, f"{state['Type']}StateExited", {"stateExitedEventDetails": exited})
        name = following
    return data


def _first(definition: Json, execution: Json) -> Json:
    """Where an execution begins that was stopped before its first state."""
    return {"name": definition["StartAt"], "input": json.loads(execution["input"]), "variables": {}}


def _do(state: Json, data: Any, execution: Json, context: Json) -> tuple[Any, str | None]:
    kind = state["Type"]
    if kind == "Fail":
        raise stepfunctions._ExecutionError(*stepfunctions._fail_state_error(state, data, context))
    if kind == "Succeed":
        given = stepfunctions._apply_input_path(state, data, context)
        return stepfunctions._apply_output_path(state, given, context), None
    handler = getattr(stepfunctions, _HANDLERS[kind])
    between = (execution,) if kind in ("Task", "Parallel", "Map") else ()
    done: tuple[Any, str | None] = handler(state, data, *between, context)
    return done
