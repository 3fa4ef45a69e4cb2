"""Trust policies of services' roles: whom they let assume the role, and for which of the account's resources."""

from __future__ import annotations

import json

import pytest

from tests.twin.helpers import allow, unique, wait_until
from twin.emulator import Emulator

MACHINES = "arn:aws:states:us-east-1:000000000000:stateMachine"


def run(emulator: Emulator, machine: str, trusted_source: str) -> str:
    """Run a state machine whose role trusts Step Functions for one source; the execution's status and cause."""
    iam, states = emulator.client("iam"), emulator.client("stepfunctions")
    principal = {"Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    condition = {"StringEquals": {"aws:SourceAccount": "000000000000"}, "ArnEquals": {"aws:SourceArn": trusted_source}}
    trust = {"Statement": [{"Effect": "Allow", **principal, "Condition": condition}]}
    role = iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    permissions = json.dumps({"Statement": [allow("states:ListStateMachines")]})
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="permissions", PolicyDocument=permissions)
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:listStateMachines", "End": True}
    definition = json.dumps({"StartAt": "Ask", "States": {"Ask": task}})
    arn = states.create_state_machine(name=machine, roleArn=role["Arn"], definition=definition)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    ended = wait_until(
        lambda: states.describe_execution(executionArn=execution), lambda seen: seen["status"] != "RUNNING"
    )
    return f"{ended['status']} {ended.get('cause', '')}".strip()


def test_a_state_machine_assumes_a_role_that_trusts_it_alone(emulator: Emulator) -> None:
    machine = unique("machine")
    assert run(emulator, machine, f"{MACHINES}:{machine}") == "SUCCEEDED"


@pytest.mark.parametrize("source", [f"{MACHINES}:theirs", "arn:aws:states:us-east-1:111111111111:stateMachine:*"])
def test_a_state_machine_does_not_assume_a_role_that_trusts_another(emulator: Emulator, source: str) -> None:
    machine = unique("machine")
    ended = run(emulator, machine, source)
    assert ended.startswith("FAILED")
    assert f"does not let states.amazonaws.com assume it (aws:SourceArn {MACHINES}:{machine})" in ended
