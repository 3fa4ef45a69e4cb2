"""State machines of an assembly with their definitions as JSON, and a walk over all their states."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cdk_app.checks.assembly import Assembly, Json, Resource
from cdk_app.checks.flatten import flatten


@dataclass(frozen=True)
class StateMachine:
    """A state machine and its definition, references filled in with examples."""

    resource: Resource
    definition: Mapping[str, Json]


@dataclass(frozen=True)
class State:
    """One state; ``nested`` tells one inside a Map or Parallel, whose failure its parent can catch."""

    machine: StateMachine
    name: str
    body: Mapping[str, Json]
    nested: bool

    @property
    def place(self) -> str:
        return f"{self.machine.resource.place} state {self.name}"

    @property
    def integration(self) -> str:
        """The task's resource without its ARN prefix: ``lambda:invoke``, ``aws-sdk:ssm:putParameter``."""
        resource = str(self.body.get("Resource", ""))
        return resource.partition(":states:::")[2] or resource


def state_machines(assembly: Assembly) -> Iterator[StateMachine]:
    """Each state machine, its definition parsed."""
    for resource in assembly.resources("AWS::StepFunctions::StateMachine"):
        text = flatten(resource.properties["DefinitionString"])
        yield StateMachine(resource, json.loads(text))


def states(machine: StateMachine) -> Iterator[State]:
    """All states, those inside Map and Parallel states included."""
    yield from _walk(machine, machine.definition, nested=False)


def tasks(assembly: Assembly) -> Iterator[State]:
    """All Task states of all state machines."""
    for machine in state_machines(assembly):
        yield from (state for state in states(machine) if state.body["Type"] == "Task")


def _walk(machine: StateMachine, definition: Mapping[str, Json], *, nested: bool) -> Iterator[State]:
    for name, body in definition["States"].items():
        yield State(machine, name, body, nested)
        inner = [body[key] for key in ("ItemProcessor", "Iterator") if key in body]
        for part in [*inner, *body.get("Branches", [])]:
            yield from _walk(machine, part, nested=True)
