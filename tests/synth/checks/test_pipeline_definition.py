from __future__ import annotations

import json
from typing import Any

import pytest

from cdk_app.checks import Assembly
from cdk_app.checks.pipeline_definition import find_broken_definitions
from tests.synth.checks.templates import ROLE, assembly

ROLES = {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}


def pipeline(role_arn: object = ROLES["Role"], job_role: str = "${Role}", **changes: Any) -> Assembly:
    definition = {
        "Version": "2020-12-01",
        "Parameters": [{"Name": "Epochs", "Type": "Integer", "DefaultValue": 1}],
        "Steps": [
            step("Train", "Training", {"RoleArn": job_role, "Epochs": {"Get": "Parameters.Epochs"}}),
            step("Gate", "Condition", {"IfSteps": [step("Stop", "Fail")], "ElseSteps": []}, DependsOn=["Train"]),
        ],
        **changes,
    }
    body = {"Fn::Sub": [json.dumps(definition), ROLES]}
    properties = {"PipelineDefinition": {"PipelineDefinitionBody": body}, "RoleArn": role_arn}
    return assembly({"Role": ROLE, "Pipeline": {"Type": "AWS::SageMaker::Pipeline", "Properties": properties}})


def step(name: str, kind: str, arguments: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "Arguments": arguments or {}, **more}


def test_a_complete_definition_passes() -> None:
    assert list(find_broken_definitions(pipeline())) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Metadata": {"image": "${!Image}"}}, "${Image} is still open"),
        ({"Version": "2019-01-01"}, "Version is 2019-01-01"),
        ({"Steps": [step("A", "Fail"), step("A", "Fail")]}, "Two steps are called A"),
        ({"Steps": [step("A", "Lambda")]}, "of type Lambda"),
        ({"Steps": [step("A", "Fail", DependsOn=["B"])]}, "depends on B"),
        ({"Steps": [step("A", "Fail", {"x": {"Get": "Steps.B.Arn"}})]}, "reads Steps.B.Arn"),
        ({"Steps": [step("A", "Fail", {"x": {"Get": "Parameters.Seed"}})]}, "reads Parameters.Seed"),
    ],
)
def test_a_broken_definition_is_reported(changes: dict[str, Any], problem: str) -> None:
    [finding] = find_broken_definitions(pipeline(**changes))
    assert problem in finding.problem


def test_a_step_inside_a_branch_is_looked_at() -> None:
    inner = step("Gate", "Condition", {"IfSteps": [], "ElseSteps": [step("A", "Fail", DependsOn=["B"])]})
    assert [f.problem for f in find_broken_definitions(pipeline(Steps=[inner]))] == [
        "Step A depends on B, which does not exist."
    ]


def test_a_job_under_somebody_elses_role_is_reported() -> None:
    [finding] = find_broken_definitions(pipeline(job_role="arn:aws:iam::111122223333:role/theirs"))
    assert "theirs" in finding.problem


def test_a_pipeline_under_somebody_elses_role_is_reported() -> None:
    [finding] = find_broken_definitions(pipeline(role_arn="arn:aws:iam::111122223333:role/theirs"))
    assert "pipeline's role" in finding.problem
