"""What the roles and the key of Bedrock's branch may do, as templates have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdk_app.checks import Assembly, Resource, run_checks
from cdk_app.checks.flatten import flatten
from cdk_app.checks.iam.statements import identity_statements
from tests.synth.roles import allowed, resources_of


def test_the_checks_find_nothing(on_demand: Assembly, provisioned: Assembly) -> None:
    for assembly in (on_demand, provisioned):
        assert [finding for finding in run_checks(assembly) if finding.check != "state-machine-syntax"] == []


def test_without_the_section_nothing_may_customize(assembly: Assembly) -> None:
    text = json.dumps([resource.properties for resource in assembly.resources("AWS::IAM::Policy")])
    assert "ModelCustomizationJob" not in text
    assert "custom-model" not in text


def conditions_on(assembly: Assembly, action: str) -> list[dict[str, Any]]:
    """The conditions of the statements that allow an action on things of the account, not on AWS's own models."""
    return [
        statement.body.get("Condition", {})
        for statement in identity_statements(assembly)
        if action in statement.actions
        and any(":foundation-model/" not in str(flatten(one)) for one in statement.resources)
        and any(
            "custom-model" in str(flatten(one)) or "provisioned" in str(flatten(one)) for one in statement.resources
        )
    ]


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("InvokeModel", "ResourceTag"),
        ("DeleteProvisionedModelThroughput", "ResourceTag"),
        ("CreateProvisionedModelThroughput", "ResourceTag"),
        ("DeleteCustomModelDeployment", "ResourceTag"),
        ("CreateCustomModelDeployment", "ResourceTag"),
        ("TagResource", "RequestTag"),
    ],
)
def test_what_others_have_customized_in_the_account_is_neither_asked_nor_deleted(
    on_demand: Assembly, provisioned: Assembly, action: str, key: str
) -> None:
    found = [one for assembly in (on_demand, provisioned) for one in conditions_on(assembly, f"bedrock:{action}")]
    assert found
    for conditions in found:
        assert conditions == {"StringEquals": {f"aws:{key}/project": "fourfold", f"aws:{key}/environment": "dev"}}


def test_roles_of_jobs_and_schedules_are_for_their_services_and_this_account(provisioned: Assembly) -> None:
    trusted = {}
    for role in provisioned.resources("AWS::IAM::Role"):
        [statement] = role.properties["AssumeRolePolicyDocument"]["Statement"]
        trusted[statement["Principal"].get("Service")] = statement.get("Condition", {})
    assert "aws:SourceAccount" in trusted["bedrock.amazonaws.com"]["StringEquals"]
    assert "model-customization-job/*" in json.dumps(trusted["bedrock.amazonaws.com"]["ArnLike"])
    assert "aws:SourceAccount" in trusted["scheduler.amazonaws.com"]["StringEquals"]


def roles_that_may(assembly: Assembly, action: str) -> set[str]:
    """Logical ids of the roles that are allowed an action on anything."""
    return {
        role.logical_id
        for role in assembly.resources("AWS::IAM::Role")
        if resources_of(action, allowed(assembly, Resource(role.stack, role.logical_id, role.type)))
    }


def test_whoever_asks_a_custom_model_may_not_hand_its_key_on(on_demand: Assembly) -> None:
    granting = roles_that_may(on_demand, "kms:CreateGrant")
    [machine] = [name for name in granting if name.startswith("Role")]
    assert machine not in roles_that_may(on_demand, "bedrock:InvokeModel")
    assert not granting & roles_that_may(on_demand, "bedrock:InvokeModel")


def nova_statements(assembly: Assembly) -> list[dict[str, Any]]:
    """The statements of the key's policy that are for Bedrock."""
    [key] = assembly.resources("AWS::KMS::Key")
    statements = key.properties["KeyPolicy"]["Statement"]
    return [one for one in statements if "bedrock" in json.dumps(one["Principal"])]


def test_the_key_lets_bedrock_make_a_nova_model_ready_for_throughput_and_for_nothing_else(
    on_demand: Assembly, provisioned: Assembly
) -> None:
    assert nova_statements(on_demand) == []
    [statement] = nova_statements(provisioned)
    assert statement["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}
    }


def test_only_the_function_of_the_branch_sees_the_test_split(on_demand: Assembly) -> None:
    seeing = set()
    for role in on_demand.resources("AWS::IAM::Role"):
        pairs = allowed(on_demand, Resource(role.stack, role.logical_id, role.type))
        if any("/test/*" in resource for resource in resources_of("s3:GetObject", pairs)):
            seeing.add(role.logical_id)
    assert any("EvaluateCustomModel" in name for name in seeing)
    assert not any("CheckTrainingData" in name or "JudgeCustom" in name for name in seeing)
