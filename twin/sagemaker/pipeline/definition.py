"""A pipeline's definition: read into steps, or refused with everything that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.sagemaker.pipeline import durations, graph, parameters, retries
from twin.sagemaker.pipeline.arguments import argument_problems
from twin.sagemaker.pipeline.parameters import Parameter
from twin.sagemaker.pipeline.retries import RetryPolicy
from twin.sagemaker.pipeline.steps import STEP_TYPES, Step

VERSION = "2020-12-01"
_MEMBERS = {"Version", "Metadata", "Parameters", "Steps"}
_STEP_MEMBERS = {
    "Name",
    "Type",
    "Arguments",
    "DependsOn",
    "DisplayName",
    "Description",
    "RetryPolicies",
    "CacheConfig",
    "PropertyFiles",
}
_ONLY_FOR: Mapping[str, frozenset[str]] = {
    "PropertyFiles": frozenset({"Processing"}),
    "CacheConfig": frozenset({"Processing", "Training", "Tuning"}),
    "RetryPolicies": frozenset({"Processing", "Training", "Tuning", "Model", "RegisterModel"}),
}


class DefinitionError(Exception):
    """A definition that cannot run; `problems` has a sentence for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Definition:
    """What runs: parameters and steps. Steps in the branches of a Condition step lie within that step."""

    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    all_steps: Mapping[str, Step] = field(repr=False)


def parse(text: str) -> Definition:
    """Read a definition. Raises DefinitionError with all that is wrong with it."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DefinitionError([f"The definition is not JSON: {error}."]) from error
    if not isinstance(document, dict):
        raise DefinitionError(["The definition is not a JSON object."])
    found = [f"The property {name} is not supported." for name in document if name not in _MEMBERS]
    if document.get("Version") != VERSION:
        found.append(f"The version must be {VERSION}, not {document.get('Version')}.")
    if not isinstance(document.get("Steps"), list) or not document["Steps"]:
        raise DefinitionError([*found, "The definition has no steps."])
    found += _parameter_problems(document.get("Parameters") or [])
    for step in document["Steps"]:
        found += _step_problems(step)
    if found:
        raise DefinitionError(found)
    return _checked(document)


def _checked(document: dict[str, Any]) -> Definition:
    """The definition, whose parts are well formed, unless they do not fit together."""
    declared = tuple(
        Parameter(entry["Name"], entry["Type"], entry.get("DefaultValue"), tuple(entry.get("EnumValues", ())))
        for entry in document.get("Parameters") or []
    )
    steps = tuple(_step(entry) for entry in document["Steps"])
    found = graph.problems(steps, {parameter.name for parameter in declared})
    if found:
        raise DefinitionError(found)
    return Definition(declared, steps, {step.name: step for step in graph.all_steps(steps)})


def _step(entry: dict[str, Any]) -> Step:
    arguments = entry.get("Arguments", {})
    cache = entry.get("CacheConfig") or {}
    return Step(
        name=entry["Name"],
        type=entry["Type"],
        arguments={name: value for name, value in arguments.items() if name not in ("IfSteps", "ElseSteps")},
        depends_on=frozenset(entry.get("DependsOn") or ()),
        display_name=entry.get("DisplayName"),
        description=entry.get("Description"),
        retry_policies=tuple(RetryPolicy.parse(policy) for policy in entry.get("RetryPolicies") or ()),
        cache_for_s=durations.seconds(cache["ExpireAfter"]) if cache.get("Enabled") else None,
        property_files={
            file["PropertyFileName"]: (file["OutputName"], file["FilePath"])
            for file in entry.get("PropertyFiles") or ()
        },
        if_steps=_branch(entry, "IfSteps"),
        else_steps=_branch(entry, "ElseSteps"),
    )


def _branch(entry: dict[str, Any], name: str) -> tuple[Step, ...]:
    inner = entry["Arguments"].get(name) or () if entry["Type"] == "Condition" else ()
    return tuple(_step(one) for one in inner)


def _parameter_problems(entries: list[Any]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        name = entry.get("Name")
        for member in entry.keys() - parameters.MEMBERS:
            yield f"The property {member} of parameter {name} is not supported."
        if not isinstance(name, str) or not name:
            yield "A parameter has no name."
        elif entry.get("Type") not in parameters.TYPES:
            yield f"The type '{entry.get('Type')}' of parameter {name} is not supported."
        elif name in seen:
            yield f"The parameter {name} is defined twice."
        elif entry.get("DefaultValue") is not None:
            yield from _default_problem(entry)
        seen.add(str(name))


def _default_problem(entry: dict[str, Any]) -> Iterator[str]:
    parameter = Parameter(entry["Name"], entry["Type"], None, tuple(entry.get("EnumValues", ())))
    try:
        parameters.read(parameter, entry["DefaultValue"])
    except parameters.ParameterError as problem:
        yield f"The default value is wrong. {problem}"


def _step_problems(entry: Any) -> Iterator[str]:
    name, kind = entry.get("Name"), entry.get("Type")
    if not isinstance(name, str) or not name:
        yield "A step has no name."
        return
    if kind not in STEP_TYPES:
        yield f"The type '{kind}' of step {name} is not supported (supported: {', '.join(sorted(STEP_TYPES))})."
        return
    for member in entry.keys() - _STEP_MEMBERS:
        yield f"The property {member} of step {name} is not supported."
    for member, kinds in _ONLY_FOR.items():
        if entry.get(member) and kind not in kinds:
            yield f"The property {member} of step {name} is not supported by the step type {kind}."
    for number, policy in enumerate(entry.get("RetryPolicies") or ()):
        yield from retries.problems(policy, f"{name}.RetryPolicies[{number}]")
    yield from _cache_problems(entry)
    yield from _property_file_problems(entry)
    yield from argument_problems(name, kind, entry.get("Arguments", {}))
    if kind == "Condition":
        for inner in [*entry["Arguments"].get("IfSteps", ()), *entry["Arguments"].get("ElseSteps", ())]:
            yield from _step_problems(inner)


def _cache_problems(entry: dict[str, Any]) -> Iterator[str]:
    cache = entry.get("CacheConfig") or {}
    for member in cache.keys() - {"Enabled", "ExpireAfter"}:
        yield f"The property CacheConfig.{member} of step {entry['Name']} is not supported."
    if cache.get("Enabled"):
        try:
            durations.seconds(str(cache.get("ExpireAfter")))
        except ValueError as error:
            yield f"CacheConfig.ExpireAfter of step {entry['Name']}: {error}"


def _property_file_problems(entry: dict[str, Any]) -> Iterator[str]:
    for file in entry.get("PropertyFiles") or ():
        if set(file) != {"PropertyFileName", "OutputName", "FilePath"}:
            yield f"A property file of step {entry['Name']} must have PropertyFileName, OutputName and FilePath."
