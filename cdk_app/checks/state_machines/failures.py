"""No task may hang, and none may fail without somebody catching it."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.state_machines.definitions import State, state_machines, states

NAME = "state-machine-failures"


def find_unguarded_states(assembly: Assembly) -> Iterator[Finding]:
    """Findings for a machine without a timeout, and for tasks without timeout, retry or catch-all.

    A task inside a Map or Parallel may leave catching to the state around it.
    """
    for machine in state_machines(assembly):
        if "TimeoutSeconds" not in machine.definition:
            yield Finding(NAME, machine.resource.place, "An execution may run for a year.", "Give it a timeout.")
        for state in states(machine):
            yield from _unguarded(state)


def _unguarded(state: State) -> Iterator[Finding]:
    kind = state.body["Type"]
    if kind == "Task" and not _ends(state):
        yield Finding(NAME, state.place, "The task may wait for ever.", "Give it a timeout.")
    if kind == "Task" and not state.body.get("Retry"):
        yield Finding(
            NAME, state.place, "One throttled call fails the execution.", "Retry the service's passing errors."
        )
    if kind in {"Task", "Map", "Parallel"} and not state.nested and not _catches_all(state):
        yield Finding(NAME, state.place, "A failure here ends the execution unexplained.", "Catch States.ALL.")


def _ends(state: State) -> bool:
    """Whether Step Functions gives up after a while, or Glue stops the run that is waited for."""
    stopped_by_glue = state.integration == "glue:startJobRun.sync" and "Timeout" in state.body["Arguments"]
    return "TimeoutSeconds" in state.body or stopped_by_glue


def _catches_all(state: State) -> bool:
    return any("States.ALL" in catcher["ErrorEquals"] for catcher in state.body.get("Catch", []))


FAILURES = Check(NAME, find_unguarded_states)
