"""Functions are refused for what Lambda refuses: their role's trust policy, and their variables."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import make_function, make_role, unique, wait_until, zipped
from twin.emulator import Emulator

ACCOUNT = "000000000000"
NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def trusted_by(emulator: Emulator, *statements: dict[str, Any]) -> str:
    """A role with these statements in its trust policy; its ARN."""
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    role = emulator.client("iam").create_role(RoleName=unique("role"), AssumeRolePolicyDocument=document)
    return str(role["Role"]["Arn"])


def create(emulator: Emulator, role: str, variables: dict[str, str] | None = None, name: str = "") -> Any:
    """Create a function with this role and these variables."""
    return emulator.client("lambda").create_function(
        FunctionName=name or unique("f"),
        Runtime="python3.12",
        Role=role,
        Handler="index.handle",
        Code={"ZipFile": zipped(index="")},
        Environment={"Variables": variables or {}},
    )


def refusal(call: Any, *arguments: Any, **parameters: Any) -> str:
    """What Lambda says to a call that it refuses."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **parameters)
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"
    return str(error.value.response["Error"]["Message"])


# ---- trust ----------------------------------------------------------------------------------------------

SOURCE = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:mine"
TRUSTING = [
    pytest.param([TRUST], id="the service"),
    pytest.param([{**TRUST, "Action": ["sts:AssumeRole", "sts:TagSession"]}], id="a list of actions"),
    pytest.param([{**TRUST, "Principal": {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}}], id="services"),
    pytest.param([{**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": ["1" * 12, ACCOUNT]}}}], id="accounts"),
    pytest.param([{**TRUST, "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:lambda:*:function:*"}}}], id="arns"),
]
NOT_TRUSTING = [
    pytest.param([{**TRUST, "Principal": {"Service": "glue.amazonaws.com"}}], id="another service"),
    pytest.param([TRUST, {**TRUST, "Effect": "Deny"}], id="an explicit deny"),
    pytest.param([TRUST, {**TRUST, "Effect": "Deny", "Principal": "*"}], id="a deny to everyone"),
    pytest.param([{**TRUST, "Action": "sts:TagSession"}], id="another action"),
    pytest.param([{**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "1" * 12}}}], id="another account"),
    pytest.param([{**TRUST, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:2:*"}}}], id="another source"),
]


@pytest.mark.parametrize("statements", TRUSTING)
def test_a_role_is_assumed_where_its_trust_policy_allows_it(
    emulator: Emulator, statements: list[dict[str, Any]]
) -> None:
    assert create(emulator, trusted_by(emulator, *statements))


@pytest.mark.parametrize("statements", NOT_TRUSTING)
def test_a_role_is_refused_where_its_trust_policy_does_not_allow_it(
    emulator: Emulator, statements: list[dict[str, Any]]
) -> None:
    assert refusal(create, emulator, trusted_by(emulator, *statements)) == NOT_ASSUMABLE


def test_a_function_is_not_moved_to_a_role_that_lambda_may_not_assume(emulator: Emulator) -> None:
    update = emulator.client("lambda").update_function_configuration
    name = make_function(emulator, "def handle(event, context): pass")
    assert refusal(update, FunctionName=name, Role=make_role(emulator, "glue")) == NOT_ASSUMABLE


# ---- variables ------------------------------------------------------------------------------------------

TOO_LONG = {"TABLE": "x" * 4096}


def test_reserved_variables_are_refused_by_name(emulator: Emulator) -> None:
    message = refusal(create, emulator, make_role(emulator, "lambda"), {"AWS_REGION": "eu-west-1", "MINE": "1"})
    assert message.endswith("Reserved keys used in this request: AWS_REGION")


def test_more_than_four_kilobytes_of_variables_are_refused(emulator: Emulator) -> None:
    message = refusal(create, emulator, make_role(emulator, "lambda"), TOO_LONG)
    assert "exceeded the 4KB limit. String measured: {" in message
    assert create(emulator, make_role(emulator, "lambda"), {"TABLE": "x" * 4000})


def test_variables_are_judged_in_updates_too(emulator: Emulator) -> None:
    name = make_function(emulator, "def handle(event, context): pass")
    update = emulator.client("lambda").update_function_configuration
    assert "4KB" in refusal(update, FunctionName=name, Environment={"Variables": TOO_LONG})


# ---- stacks ---------------------------------------------------------------------------------------------


def deploy(emulator: Emulator, stack: str, role: str, variables: dict[str, str], change: str = "create") -> str:
    """Create or update a stack with a function; the reason that CloudFormation gives for its failure, or nothing."""
    properties = {
        "Runtime": "python3.12",
        "Role": role,
        "Handler": "index.handle",
        "Code": {"ZipFile": "def handle(event, context): pass"},
        "Environment": {"Variables": variables},
    }
    template = json.dumps({"Resources": {"Mine": {"Type": "AWS::Lambda::Function", "Properties": properties}}})
    client = emulator.client("cloudformation")
    getattr(client, f"{change}_stack")(StackName=stack, TemplateBody=template)
    wait_until(
        lambda: client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"],
        lambda status: not status.endswith("IN_PROGRESS"),
    )
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return " ".join(event.get("ResourceStatusReason", "") for event in failed)


def test_a_stack_fails_with_what_lambda_says(emulator: Emulator) -> None:
    assert NOT_ASSUMABLE in deploy(emulator, unique("stack"), make_role(emulator, "glue"), {})
    role = make_role(emulator, "lambda")
    assert "used in this request: _HANDLER" in deploy(emulator, unique("stack"), role, {"_HANDLER": "mine"})


def test_the_update_of_a_stack_fails_with_what_lambda_says(emulator: Emulator) -> None:
    stack, role = unique("stack"), make_role(emulator, "lambda")
    assert deploy(emulator, stack, role, {"MINE": "1"}) == ""
    assert "4KB limit" in deploy(emulator, stack, role, TOO_LONG, "update")
