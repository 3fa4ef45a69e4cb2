"""Small assemblies to check: one policy, one state machine, one pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdk_app.checks import Assembly

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}


def assembly(
    resources: Mapping[str, Any], acknowledged: Mapping[tuple[str, str], Mapping[str, str]] | None = None
) -> Assembly:
    """One stack, called `Stack`."""
    return Assembly({"Stack": {"Resources": resources}}, acknowledged or {})


def policy(*statements: Mapping[str, Any], role: str = "Role") -> dict[str, Any]:
    """An inline policy of `role`."""
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": {"Statement": allowed}, "Roles": [{"Ref": role}]},
    }


def with_policy(*statements: Mapping[str, Any], **kwargs: Any) -> Assembly:
    """A role with one policy of these statements."""
    return assembly({"Role": ROLE, "Policy": policy(*statements)}, **kwargs)


def task(resource: str = "aws-sdk:ssm:putParameter", **changes: Any) -> dict[str, Any]:
    """A task that breaks no rule, with `changes`; a field that is changed to None goes away."""
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": {"Name": "n", "Value": "{% $v %}"},
        "TimeoutSeconds": 60,
        "Retry": [{"ErrorEquals": ["Ssm.SsmException"]}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
        "End": True,
        **changes,
    }
    return {name: value for name, value in state.items() if value is not None}


def with_state_machine(
    states: Mapping[str, Any], *, statements: Sequence[Mapping[str, Any]] = (), **changes: Any
) -> Assembly:
    """A state machine that starts at its first state, under a role with `statements`.

    The definition is joined from parts around a reference, as CDK writes it.
    """
    definition = {
        "QueryLanguage": "JSONata",
        "TimeoutSeconds": 600,
        "StartAt": next(iter(states)),
        "States": {**states, "Failed": {"Type": "Fail"}},
        **changes,
    }
    text = json.dumps({name: value for name, value in definition.items() if value is not None})
    first, *others = text.split("arn:aws:states:::")
    partition = {"Ref": "AWS::Partition"}
    joined = [first, *(part for other in others for part in ("arn:", partition, f":states:::{other}"))]
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionString": {"Fn::Join": ["", joined]},
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    }
    return assembly({"Role": ROLE, "Policy": policy(*statements), "Machine": machine})
