"""What must come before what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from twin.sagemaker.pipeline.expressions import (
    ExpressionError,
    expressions_in,
    parts_of,
    property_file_of,
    steps_referred_to,
)
from twin.sagemaker.pipeline.properties import property_problem
from twin.sagemaker.pipeline.steps import Step

EXECUTION_FACTS = (
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "StartDateTime",
    "CurrentDateTime",
)


def all_steps(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps and those in their branches."""
    for step in steps:
        yield step
        yield from all_steps(step.if_steps)
        yield from all_steps(step.else_steps)


def dependencies(step: Step) -> frozenset[str]:
    """The steps that must have succeeded before `step` may start: those it names and those it refers to."""
    return step.depends_on | steps_referred_to(dict(step.arguments))


def problems(steps: Sequence[Step], parameter_names: set[str]) -> list[str]:
    """Why these steps do not fit together: names, references, cycles."""
    by_name: dict[str, Step] = {}
    found: list[str] = []
    for step in all_steps(steps):
        if step.name in by_name:
            found.append(f"The step name {step.name} is used twice.")
        by_name[step.name] = step
    for step in by_name.values():
        found += [f"Step {step.name}: {problem}" for problem in _reference_problems(step, by_name, parameter_names)]
    return found or _cycles(steps, by_name)


def _reference_problems(step: Step, by_name: dict[str, Step], parameter_names: set[str]) -> Iterator[str]:
    for name in step.depends_on - by_name.keys():
        yield f"It depends on the step {name}, which does not exist."
    for kind, operand in expressions_in(dict(step.arguments)):
        try:
            if kind == "Get":
                yield from _get_problems(operand, by_name, parameter_names)
            elif kind == "Std:JsonGet":
                yield from _property_file_problems(operand, by_name)
            elif not isinstance(operand, dict) or not isinstance(operand.get("Values"), list):
                yield "Std:Join needs 'On' and a list of 'Values'."
        except ExpressionError as error:
            yield str(error)


def _get_problems(path: Any, by_name: dict[str, Step], parameter_names: set[str]) -> Iterator[str]:
    if not isinstance(path, str):
        yield f"Get needs a path, not {path!r}."
        return
    root, *rest = parts_of(path)
    if root == "Parameters":
        if len(rest) != 1 or rest[0] not in parameter_names:
            yield f"Invalid parameter reference '{path}'."
    elif root == "Execution":
        if len(rest) != 1 or rest[0] not in EXECUTION_FACTS:
            yield f"Invalid execution reference '{path}'."
    elif root != "Steps" or len(rest) < 2 or rest[0] not in by_name:
        yield f"Invalid property reference '{path}'."
    elif rest[1] == "PropertyFiles":
        if len(rest) != 3 or rest[2] not in by_name[str(rest[0])].property_files:
            yield f"Invalid property file reference '{path}'."
    elif problem := property_problem(by_name[str(rest[0])].type, rest[1:]):
        yield f"Invalid property reference '{path}': {problem}"


def _property_file_problems(operand: Any, by_name: dict[str, Step]) -> Iterator[str]:
    if not isinstance(operand, dict) or "Path" not in operand:
        yield "Std:JsonGet needs 'PropertyFile' and 'Path'."
        return
    step, name = property_file_of(operand)
    if step not in by_name or name not in by_name[step].property_files:
        yield f"The property file {name} of step {step} does not exist."


def _cycles(steps: Sequence[Step], by_name: dict[str, Step]) -> list[str]:
    """A message for the steps that wait for each other; a branch also waits for its Condition step."""
    waits = {name: set(dependencies(step)) for name, step in by_name.items()}
    for step in all_steps(steps):
        for inner in (*step.if_steps, *step.else_steps):
            waits[inner.name].add(step.name)
    while ready := [name for name, needed in waits.items() if not needed & waits.keys()]:
        for name in ready:
            del waits[name]
    return [f"The steps {', '.join(sorted(waits))} depend on each other in a cycle."] if waits else []
