"""What AWS refuses in a state machine's definition when it is made: transitions that lead nowhere, and integrations.

The emulator would find these when an execution comes there, if it does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from twin.stepfunctions.integrations import UnknownIntegrationError, integration_of

Json = dict[str, Any]
_TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_WITHOUT_NEXT = ("Choice", "Succeed", "Fail")


def problem(definition: Any) -> str | None:
    """Everything that is wrong with a definition, in AWS's words, or None."""
    try:
        machine = json.loads(definition)
    except (TypeError, ValueError) as error:
        return f"Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: {error}'"
    found = list(_machine(machine, ""))
    return f"Invalid State Machine Definition: '{', '.join(found)}'" if found else None


def _machine(machine: Any, where: str) -> Iterator[str]:
    """What is wrong with a machine: the definition itself, a branch or a map's processor."""
    states = machine.get("States") if isinstance(machine, dict) else None
    if not isinstance(states, dict) or not states:
        yield _schema("States must be an object with at least one state", where or "/")
        return
    if "StartAt" not in machine:
        yield _schema("The field 'StartAt' is required", where or "/")
    else:
        yield from _target("StartAt", machine, states, where)
    for name, state in states.items():
        if isinstance(state, dict) and state.get("Type") in _TYPES:
            yield from _state(state, states, f"{where}/States/{name}")
        else:
            yield _schema(f"A state's Type must be one of {', '.join(_TYPES)}", f"{where}/States/{name}")


def _state(state: Json, states: Json, where: str) -> Iterator[str]:
    if state["Type"] not in _WITHOUT_NEXT and ("Next" in state) == (state.get("End") is True):
        yield _schema("Exactly one of 'Next' and 'End' is required", where)
    if state["Type"] == "Choice" and not state.get("Choices"):
        yield _schema("The field 'Choices' is required", where)
    for field in ("Next", "Default"):
        if field in state:
            yield from _target(field, state, states, where)
    for field in ("Catch", "Choices"):
        for index, rule in enumerate(state.get(field, ())):
            yield from _target("Next", rule, states, f"{where}/{field}[{index}]")
    yield from _work(state, where)


def _work(state: Json, where: str) -> Iterator[str]:
    match state["Type"]:
        case "Task":
            yield from _task(state, where)
        case "Parallel":
            for index, branch in enumerate(state.get("Branches", ())):
                yield from _machine(branch, f"{where}/Branches[{index}]")
        case "Map":
            field = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
            yield from _machine(state.get(field), f"{where}/{field}")


def _task(state: Json, where: str) -> Iterator[str]:
    resource = state.get("Resource")
    if not isinstance(resource, str):
        yield _schema("The field 'Resource' is required", where)
        return
    try:
        integration_of(resource)
    except UnknownIntegrationError as error:
        yield _schema(str(error).rstrip("."), f"{where}/Resource")


def _target(field: str, holder: Any, states: Json, where: str) -> Iterator[str]:
    target = holder.get(field) if isinstance(holder, dict) else None
    if not isinstance(target, str) or target not in states:
        yield f"MISSING_TRANSITION_TARGET: Missing '{field}' target: {target} at {where}/{field}"


def _schema(why: str, where: str) -> str:
    return f"SCHEMA_VALIDATION_FAILED: {why} at {where}"
