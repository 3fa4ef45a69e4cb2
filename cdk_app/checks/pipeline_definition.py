"""SageMaker pipeline definitions: complete, connected, and run under the application's own roles.

CloudFormation stores the definition as text and SageMaker judges it when the stack is deployed, or only when
an execution reaches the step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from cdk_app.checks.assembly import Assembly, Json, Resource
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.flatten import flatten

NAME = "pipeline-definition"
VERSION = "2020-12-01"
STEP_TYPES = frozenset({"Training", "Tuning", "Processing", "Condition", "RegisterModel", "Fail"})
"""Step types in use, each with an executor in the twin."""

_STEP_REFERENCE = re.compile(r"^Steps\.([^.\[]+)")


def find_broken_definitions(assembly: Assembly) -> Iterator[Finding]:
    """Findings for open placeholders, unknown steps and parameters, unknown step types and foreign roles."""
    for pipeline in assembly.resources("AWS::SageMaker::Pipeline"):
        body = pipeline.properties["PipelineDefinition"].get("PipelineDefinitionBody")
        text = flatten(body)
        try:
            definition = json.loads(text)
        except (TypeError, ValueError) as error:
            yield Finding(NAME, pipeline.place, f"The definition is not JSON: {error}", "Render it again.")
            continue
        problems = [*_open_placeholders(text), *_broken_steps(definition), *_foreign_roles(definition, body)]
        for problem in problems:
            yield Finding(NAME, pipeline.place, problem, "Correct pipelines/definition, or the stack's substitutions.")
        yield from _foreign_pipeline_role(assembly, pipeline)


def _open_placeholders(text: str) -> Iterator[str]:
    for name in sorted(set(re.findall(r"\$\{[^}]*\}", text))):
        yield f"{name} is still open."


def _broken_steps(definition: Mapping[str, Json]) -> Iterator[str]:
    if definition.get("Version") != VERSION:
        yield f"Version is {definition.get('Version')}, not {VERSION}."
    steps = list(_steps(definition["Steps"]))
    names = [step["Name"] for step in steps]
    parameters = {parameter["Name"] for parameter in definition.get("Parameters", [])}
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"Two steps are called {name}."
    for step in steps:
        if step["Type"] not in STEP_TYPES:
            yield f"Step {step['Name']} is of type {step['Type']}; in use are {', '.join(sorted(STEP_TYPES))}."
        for needed in step.get("DependsOn", []):
            if needed not in names:
                yield f"Step {step['Name']} depends on {needed}, which does not exist."
        for reference in _references(step):
            match = _STEP_REFERENCE.match(reference)
            if match and match[1] not in names:
                yield f"Step {step['Name']} reads {reference}, of a step that does not exist."
            if reference.startswith("Parameters.") and reference.partition(".")[2] not in parameters:
                yield f"Step {step['Name']} reads {reference}, which is not declared."


def _steps(steps: list[Json]) -> Iterator[Json]:
    """Steps and those inside the branches of conditions."""
    for step in steps:
        yield step
        arguments = step.get("Arguments", {})
        if step["Type"] == "Condition":
            yield from _steps(arguments["IfSteps"] + arguments["ElseSteps"])


def _references(value: Json) -> Iterator[str]:
    """Everything that is read by ``Get``, and the steps whose property files are read by ``Std:JsonGet``."""
    if isinstance(value, dict):
        if isinstance(value.get("Get"), str):
            yield value["Get"]
        if "Std:JsonGet" in value:
            yield from _references(value["Std:JsonGet"]["PropertyFile"])
        for key, item in value.items():
            if key not in {"Get", "IfSteps", "ElseSteps"}:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _foreign_roles(definition: Mapping[str, Json], body: Json) -> Iterator[str]:
    """Roles of jobs that the template does not refer to: a literal ARN belongs to somebody else's account."""
    literal = json.dumps(body)
    for step in _steps(definition["Steps"]):
        arguments = cast("Mapping[str, Json]", step.get("Arguments", {}))
        role = arguments.get("RoleArn") or arguments.get("TrainingJobDefinition", {}).get("RoleArn")
        if isinstance(role, str) and role in literal:
            yield f"Step {step['Name']} runs as {role}, which is no role of this application."


def _foreign_pipeline_role(assembly: Assembly, pipeline: Resource) -> Iterator[Finding]:
    role = assembly.resource_behind(pipeline.stack, pipeline.properties.get("RoleArn"))
    if role is None or role.type != "AWS::IAM::Role":
        yield Finding(
            NAME, pipeline.place, "The pipeline's role is no role of this application.", "Refer to its construct."
        )


PIPELINE_DEFINITION = Check(NAME, find_broken_definitions)
