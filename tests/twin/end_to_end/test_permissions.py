"""Least privilege is proved by running: one permission less, and the run fails at that step and says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.twin.end_to_end.deployed import Deployed
from tests.twin.end_to_end.small import TUNED
from twin.run.board import Status

CASES = [
    pytest.param("AWS::Glue::Job", "Role", "s3:GetObject", "PrepareData", {}, id="glue"),
    pytest.param("AWS::StepFunctions::StateMachine", "", "glue:StartJobRun", "PrepareData", {}, id="state-machine"),
    pytest.param("AWS::SageMaker::Pipeline", "", "s3:GetObject", "FineTune", TUNED, id="training"),
    pytest.param("AWS::Lambda::Function", "gateway", "ssm:GetParameter", "SmokeTest", {}, id="gateway"),
]


def role_of(deployed: Deployed, resource_type: str, which: str) -> str:
    """Return the name of the role that a deployed resource runs under."""
    emulator = deployed.emulator
    if resource_type == "AWS::Glue::Job":
        arn = emulator.client("glue").get_job(JobName=deployed.outputs["GlueJobName"])["Job"]["Role"]
    elif resource_type == "AWS::StepFunctions::StateMachine":
        machine = deployed.outputs["StateMachineArn"]
        arn = emulator.client("stepfunctions").describe_state_machine(stateMachineArn=machine)["roleArn"]
    elif resource_type == "AWS::SageMaker::Pipeline":
        name = deployed.outputs["PipelineName"]
        definition = emulator.client("sagemaker").describe_pipeline(PipelineName=name)["PipelineDefinition"]
        train = next(step for step in json.loads(definition)["Steps"] if step["Type"] == "Training")
        arn = train["Arguments"]["RoleArn"]
    else:
        functions = emulator.client("lambda").list_functions()["Functions"]
        # The gateway is a program behind the web adapter, and not a handler's module.
        handler = "run.sh" if which == "gateway" else f"lambdas.{which}.handler.handle"
        arn = next(f["Role"] for f in functions if f["Handler"] == handler)
    return str(arn).rsplit("/", 1)[-1]


@contextmanager
def without(deployed: Deployed, role: str, action: str) -> Iterator[None]:
    """Take an action out of every policy of a role for the time of a block."""
    iam = deployed.emulator.client("iam")
    former: dict[str, Any] = {}
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        former[name] = document
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(less(document, action)))
    assert any(less(document, action) != document for document in former.values()), f"{role} never had {action}"
    try:
        yield
    finally:
        for name, document in former.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def less(document: dict[str, Any], action: str) -> dict[str, Any]:
    """Return a policy without an action."""
    statements = []
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        left = [a for a in actions if a != action]
        if left:
            statements.append(statement | {"Action": left})
    return document | {"Statement": statements}


@pytest.mark.parametrize(("resource_type", "which", "action", "step", "overrides"), CASES)
def test_a_missing_permission_fails_its_step_and_names_role_action_and_resource(
    deployed: Deployed, resource_type: str, which: str, action: str, step: str, overrides: dict[str, Any]
) -> None:
    role = role_of(deployed, resource_type, which)
    with without(deployed, role, action):
        outcome, board = deployed.run(overrides)

    assert outcome.status == "FAILED"
    assert board.steps[step].status is Status.FAILED
    for named in (role, action, "arn:aws:"):
        assert named in outcome.cause
