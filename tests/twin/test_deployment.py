"""Deploying an assembly with the CDK CLI: into an empty account, again, changed, and away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.twin.helpers import unique
from twin import deployment
from twin.emulator import Emulator, EmulatorError

Json = dict[str, Any]
Assemble = Callable[[Json], Path]
_ROLES = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-hnb659fds"


@pytest.fixture(scope="module")
def bootstrapped(emulator: Emulator) -> Emulator:
    deployment.bootstrap(emulator)
    return emulator


@pytest.fixture
def assemble(tmp_path: Path) -> Assemble:
    """Writes the assembly of one stack, as `cdk synth` does."""
    name = unique("Stack")

    def write(resources: Json) -> Path:
        template = {"Resources": resources, "Outputs": {n: {"Value": {"Ref": n}} for n in resources}}
        (tmp_path / f"{name}.template.json").write_text(json.dumps(template))
        stack = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {
                "templateFile": f"{name}.template.json",
                "validateOnSynth": False,
                "assumeRoleArn": f"{_ROLES}-deploy-role-${{AWS::AccountId}}-${{AWS::Region}}",
                "cloudFormationExecutionRoleArn": f"{_ROLES}-cfn-exec-role-${{AWS::AccountId}}-${{AWS::Region}}",
                "requiresBootstrapStackVersion": 6,
                "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/hnb659fds/version",
            },
        }
        manifest = {"version": "48.0.0", "artifacts": {name: stack}}
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        return tmp_path

    return write


def parameter(name: str, value: str) -> Json:
    properties = {"Name": name, "Type": "String", "Value": value}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties}


def value_of(emulator: Emulator, name: str) -> str:
    return str(emulator.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def test_an_assembly_is_deployed_deployed_again_changed_in_place_and_destroyed(
    bootstrapped: Emulator, assemble: Assemble
) -> None:
    name = unique("/deployed")
    lines: list[str] = []
    deployment.deploy(bootstrapped, assemble({"Parameter": parameter(name, "one")}), lines.append)
    assert value_of(bootstrapped, name) == "one"
    assert any("CREATE_COMPLETE" in line for line in lines)
    again: list[str] = []
    deployment.deploy(bootstrapped, assemble({"Parameter": parameter(name, "one")}), again.append)
    assert any("no changes" in line for line in again)
    deployment.deploy(bootstrapped, assemble({"Parameter": parameter(name, "two")}))
    assert value_of(bootstrapped, name) == "two"
    deployment.destroy(bootstrapped, assemble({"Parameter": parameter(name, "two")}))
    ssm = bootstrapped.client("ssm")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=name)


def test_a_type_that_nobody_provisions_fails_the_deployment_by_name(bootstrapped: Emulator, assemble: Assemble) -> None:
    with pytest.raises(EmulatorError, match="AWS::Redshift::Cluster"):
        deployment.deploy(bootstrapped, assemble({"Cluster": {"Type": "AWS::Redshift::Cluster"}}))


def test_a_deployment_is_done_as_the_deployment_role(bootstrapped: Emulator, assemble: Assemble) -> None:
    iam, role = bootstrapped.client("iam"), "cdk-hnb659fds-deploy-role-000000000000-us-east-1"
    deny = {"Effect": "Deny", "Action": "cloudformation:CreateChangeSet", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=role, PolicyName="planted", PolicyDocument=policy)
    try:
        with pytest.raises(EmulatorError, match=r"assumed-role/cdk-hnb659fds-deploy-role.*CreateChangeSet"):
            deployment.deploy(bootstrapped, assemble({"Parameter": parameter(unique("/denied"), "x")}))
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="planted")
