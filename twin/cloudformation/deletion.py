"""Resources that are deleted through their service: CloudFormation alone would leave parts of them behind.

A state machine's executions and a table's tags would be there again for the next one of that name.
"""

from __future__ import annotations

from contextlib import suppress

from twin import credentials
from twin.emulator import hooks


def register_deletions() -> None:
    """Extend AWS::StepFunctions::StateMachine and AWS::DynamoDB::Table."""
    hooks.extend_cfn_resource("AWS::StepFunctions::StateMachine", before_delete=_delete_state_machine)
    hooks.extend_cfn_resource("AWS::DynamoDB::Table", before_delete=_delete_table)


def _delete_state_machine(arn: str) -> None:
    states = credentials.client("stepfunctions")
    with suppress(states.exceptions.StateMachineDoesNotExist):  # what is gone already is deleted
        states.delete_state_machine(stateMachineArn=arn)


def _delete_table(name: str) -> None:
    dynamodb = credentials.client("dynamodb")
    with suppress(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.delete_table(TableName=name)
