"""Guardrails and their versions in stacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.conversations import applied, refusal
from tests.twin.helpers import unique, wait_until
from twin.emulator import Emulator

Json = dict[str, Any]


def template(word: str, version: str) -> Json:
    """A guardrail that blocks a word, with a version that is described so."""
    policy = {"WordsConfig": [{"Text": word}]}
    messages = {"BlockedInputMessaging": "No.", "BlockedOutputsMessaging": "No."}
    tags = [{"Key": "team", "Value": "a"}]
    made = {"Guardrail": {"Ref": "Guardrail"}, "Id": {"Fn::GetAtt": ["Guardrail", "GuardrailId"]}}
    resources = {
        "Guardrail": {
            "Type": "AWS::Bedrock::Guardrail",
            "Properties": {"Name": unique("guardrail"), **messages, "WordPolicyConfig": policy, "Tags": tags},
        },
        "Version": {
            "Type": "AWS::Bedrock::GuardrailVersion",
            "Properties": {"GuardrailIdentifier": made["Id"], "Description": version},
        },
    }
    outputs = {**made, "Version": {"Fn::GetAtt": ["Version", "Version"]}}
    return {"Resources": resources, "Outputs": {name: {"Value": value} for name, value in outputs.items()}}


def ended(cloudformation: Any, stack: str) -> Json:
    found = wait_until(
        lambda: cloudformation.describe_stacks(StackName=stack)["Stacks"][0],
        lambda seen: not seen["StackStatus"].endswith("IN_PROGRESS"),
    )
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
    return {"status": found["StackStatus"], **outputs}


def test_a_guardrail_is_made_changed_and_deleted_with_its_stack(emulator: Emulator) -> None:
    cloudformation, stack = emulator.client("cloudformation"), unique("stack")
    control, runtime = emulator.client("bedrock"), emulator.client("bedrock-runtime")
    wanted = template("herring", "first")
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(wanted))
    made = ended(cloudformation, stack)
    assert made["status"] == "CREATE_COMPLETE"
    assert made["Guardrail"].endswith(f":guardrail/{made['Id']}")
    assert applied(runtime, made["Id"], "herring", version=made["Version"])["action"] == "GUARDRAIL_INTERVENED"

    wanted["Resources"]["Guardrail"]["Properties"]["WordPolicyConfig"]["WordsConfig"] = [{"Text": "salmon"}]
    wanted["Resources"]["Version"]["Properties"]["Description"] = "second"
    cloudformation.update_stack(StackName=stack, TemplateBody=json.dumps(wanted))
    changed = ended(cloudformation, stack)
    assert changed == {**made, "status": "UPDATE_COMPLETE", "Version": "2"}
    assert applied(runtime, made["Id"], "herring", version="2")["action"] == "NONE"
    listed = control.list_guardrails(guardrailIdentifier=made["Id"])["guardrails"]
    assert [one["version"] for one in listed] == ["DRAFT", "2"]

    cloudformation.delete_stack(StackName=stack)
    wait_until(lambda: refused(cloudformation, stack), bool)
    assert "ResourceNotFoundException" in refusal(lambda: control.get_guardrail(guardrailIdentifier=made["Id"]))


def refused(cloudformation: Any, stack: str) -> bool:
    """Whether the stack is gone."""
    try:
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except cloudformation.exceptions.ClientError:
        return True
    return bool(status == "DELETE_COMPLETE")


@pytest.mark.parametrize("policy", ["ContentPolicyConfig", "TopicPolicyConfig"])
def test_a_policy_that_cannot_be_decided_here_fails_the_stack_by_its_name(emulator: Emulator, policy: str) -> None:
    cloudformation, stack = emulator.client("cloudformation"), unique("stack")
    wanted = template("herring", "first")
    configured = {
        "ContentPolicyConfig": {
            "FiltersConfig": [{"Type": "HATE", "InputStrength": "HIGH", "OutputStrength": "HIGH"}],
        },
        "TopicPolicyConfig": {"TopicsConfig": [{"Name": "t", "Definition": "d", "Type": "DENY"}]},
    }
    wanted["Resources"]["Guardrail"]["Properties"][policy] = configured[policy]
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(wanted))
    assert ended(cloudformation, stack)["status"] == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    said = " ".join(event.get("ResourceStatusReason", "") for event in events)
    assert f"The property {policy[0].lower()}{policy[1:]} is not supported here." in said
