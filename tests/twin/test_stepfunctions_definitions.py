"""Definitions of state machines: what is wrong with one is named; members are spelled as Step Functions does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.session import get_session

from tests.twin.helpers import make_role, unique, wait_until
from tests.twin.states import task
from twin.emulator import Emulator
from twin.stepfunctions.definition import problem
from twin.stepfunctions.naming import UnknownMemberError, in_states, to_api, to_states

DONE: dict[str, Any] = {"Type": "Pass", "End": True}
NOWHERE = {"Type": "Pass", "Next": "Nowhere"}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no states": ({"hello": 1}, "States must be an object"),
    "no start": ({"States": {"A": DONE}}, "'StartAt' is required"),
    "start": ({"StartAt": "B", "States": {"A": DONE}}, "Missing 'StartAt' target: B at /StartAt"),
    "next": ({"StartAt": "A", "States": {"A": NOWHERE}}, "target: Nowhere at /States/A/Next"),
    "no end": ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "Exactly one of 'Next' and 'End'"),
    "type": ({"StartAt": "A", "States": {"A": {**DONE, "Type": "Pause"}}}, "Type must be one of"),
    "default": (
        {"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"Next": "A"}], "Default": "B"}}},
        "target: B at /States/A/Default",
    ),
    "choice": ({"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"Next": "B"}]}}}, "A/Choices[0]/Next"),
    "catch": (
        {"StartAt": "Task", "States": task("lambda:invoke", Catch=[{"ErrorEquals": ["x"], "Next": "B"}])},
        "target: B at /States/Task/Catch[0]/Next",
    ),
    "branch": (
        {
            "StartAt": "A",
            "States": {"A": {**DONE, "Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": NOWHERE}}]}},
        },
        "at /States/A/Branches[0]/States/B/Next",
    ),
    "map": (
        {
            "StartAt": "A",
            "States": {"A": {**DONE, "Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {"B": NOWHERE}}}},
        },
        "at /States/A/ItemProcessor/States/B/Next",
    ),
    "nonsense": ({"StartAt": "Task", "States": task("nonsense:doIt")}, "arn:aws:states:::nonsense:doIt"),
    "lacking": ({"StartAt": "Task", "States": task("batch:submitJob.sync")}, "does not support the integration"),
    "case": ({"StartAt": "Task", "States": task("aws-sdk:ssm:GetParameter")}, "ssm has no action GetParameter"),
    "another case": ({"StartAt": "Task", "States": task("aws-sdk:ssm:getparameter")}, "ssm has no action getparameter"),
}


@pytest.mark.parametrize(("definition", "named"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_definition_is_named_with_its_place(definition: dict[str, Any], named: str) -> None:
    assert named in str(problem(json.dumps(definition)))


def test_all_that_is_wrong_with_a_definition_is_named_at_once() -> None:
    found = str(problem(json.dumps({"StartAt": "C", "States": {"A": NOWHERE, "B": {**DONE, "Type": "Pause"}}})))
    assert all(place in found for place in ("/StartAt", "/States/A/Next", "/States/B"))


def test_a_machine_that_is_wrong_is_neither_made_nor_changed(emulator: Emulator) -> None:
    client, wrong = emulator.client("stepfunctions"), json.dumps({"hello": 1})
    made = {"name": unique("machine"), "roleArn": make_role(emulator, "states")}
    with pytest.raises(client.exceptions.InvalidDefinition, match="States must be an object"):
        client.create_state_machine(**made, definition=wrong)
    right = json.dumps({"StartAt": "A", "States": {"A": DONE}})
    arn = client.create_state_machine(**made, definition=right)["stateMachineArn"]
    with pytest.raises(client.exceptions.InvalidDefinition, match="States must be an object"):
        client.update_state_machine(stateMachineArn=arn, definition=wrong)
    assert client.describe_state_machine(stateMachineArn=arn)["definition"] == right


def test_a_template_with_a_machine_that_is_wrong_fails(emulator: Emulator) -> None:
    client, name = emulator.client("cloudformation"), unique("stack")
    properties = {"RoleArn": make_role(emulator, "states"), "Definition": {"StartAt": "B", "States": {"A": DONE}}}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {**properties, "StateMachineName": name}}
    client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Machine": machine}}))
    wait_until(
        lambda: client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"],
        lambda status: status == "ROLLBACK_COMPLETE",
    )
    reasons = [
        event.get("ResourceStatusReason", "") for event in client.describe_stack_events(StackName=name)["StackEvents"]
    ]
    assert any("Missing 'StartAt' target: B" in reason for reason in reasons)
    machines = emulator.client("stepfunctions").list_state_machines()["stateMachines"]
    assert name not in [machine["name"] for machine in machines]


# ---- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "spelled"),
    [("stackName", "StackName"), ("KMSKeyId", "KmsKeyId"), ("ETag", "ETag"), ("SSEKMSKeyId", "SsekmsKeyId"),
     ("RoleARN", "RoleArn"), ("modelId", "ModelId")],
)  # fmt: skip
def test_members_are_spelled_as_the_sdk_for_java_does(member: str, spelled: str) -> None:
    assert in_states(member) == spelled


def test_parameters_and_answers_are_translated_in_depth() -> None:
    operation = get_session().get_service_model("bedrock-runtime").operation_model("Converse")
    given = {"ModelId": "m", "Messages": [{"Role": "user", "Content": [{"Text": "hi"}]}]}
    expected = {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    assert operation.input_shape
    assert to_api(given, operation.input_shape) == expected
    assert to_states(expected, operation.input_shape) == given


def test_an_unknown_member_is_named_with_its_place() -> None:
    operation = get_session().get_service_model("bedrock-runtime").operation_model("Converse")
    assert operation.input_shape
    with pytest.raises(UnknownMemberError, match=r"'Txt' in Messages\[0\]\.Content\[0\]"):
        to_api({"Messages": [{"Content": [{"Txt": "hi"}]}]}, operation.input_shape)
