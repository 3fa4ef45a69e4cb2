"""Small things that the twin's tests make in an emulator's account."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

from twin.emulator import Emulator
from twin.emulator.clients import client_from

Json = dict[str, Any]


def unique(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def allow(actions: str | list[str], resources: str | list[str] = "*") -> Json:
    """A policy statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def make_role(emulator: Emulator, service: str, *statements: Json) -> str:
    """A role that `service` (`glue`) may assume, with these permissions; its ARN."""
    iam, name = emulator.client("iam"), unique(f"{service}-role")
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy([trust]))
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="permissions", PolicyDocument=_policy(list(statements)))
    return str(created["Role"]["Arn"])


def _policy(statements: list[Json]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def user_client(emulator: Emulator, service: str, *statements: Json) -> Any:
    """A client of a user with these permissions."""
    iam, name = emulator.client("iam"), unique("user")
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="permissions", PolicyDocument=_policy(list(statements)))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    signed = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return client_from({**emulator.environment(), **signed}, service)


def zipped(**files: str) -> bytes:
    """A zip with these files; `a__b` in a name is `a/b`, and each ends in .py."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name.replace('__', '/')}.py", text)
    return content.getvalue()


def make_function(emulator: Emulator, source: str, *statements: Json, **settings: Any) -> str:
    """A Lambda function with `handle` in its source; its name."""
    name, role = unique("function"), make_role(emulator, "lambda", *statements)
    wanted = {"Runtime": "python3.12", "Handler": "index.handle", "Timeout": 20, **settings}
    client = emulator.client("lambda")
    client.create_function(FunctionName=name, Role=role, Code={"ZipFile": zipped(index=source)}, **wanted)
    wait_until(lambda: client.get_function_configuration(FunctionName=name)["State"], lambda state: state == "Active")
    return name


def make_gateway_table(emulator: Emulator, name: str) -> None:
    """A table as the gateway's stack makes it, with nothing in it."""
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    emulator.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )


def execute(emulator: Emulator, states: Json, *statements: Json, data: Json | None = None) -> Json:
    """Run a state machine that starts at its first state to its end; what DescribeExecution then says."""
    arn = start(emulator, states, *statements, data=data)
    client = emulator.client("stepfunctions")
    found: Json = wait_until(
        lambda: client.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING"
    )
    return found


def start(emulator: Emulator, states: Json, *statements: Json, data: Json | None = None, **settings: Any) -> str:
    """Start such a state machine, with further `settings` of its definition; the execution's ARN."""
    client = emulator.client("stepfunctions")
    machine = client.create_state_machine(
        name=unique("machine"),
        roleArn=make_role(emulator, "states", *statements),
        definition=json.dumps({"StartAt": next(iter(states)), "States": states, **settings}),
    )
    started = client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(data or {}))
    return str(started["executionArn"])


def wait_until(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 60) -> Any:
    """Look again and again until what is seen is good; fails the test when it never is."""
    deadline = time.monotonic() + seconds
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"Still not so after {seconds} seconds: {seen}"
        time.sleep(0.1)
    return seen
