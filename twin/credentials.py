"""Clients and environments inside the emulator's process: as a role, or as the account itself.

What a job, a pipeline step or a state machine's task does is done with the temporary credentials of its
role, so that IAM judges it as on AWS. What the emulator does on its own behalf (CloudFormation handlers,
writing a job's logs) is done as the account.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from twin.emulator import hooks
from twin.emulator.account import ACCOUNT_ID, REGION, root_environment
from twin.emulator.clients import client_from

__all__ = ["ACCOUNT_ID", "REGION", "client", "client_as", "client_from", "environment_of", "role_environment"]


def role_environment(
    role_arn: str, session_name: str, service_principal: str | None = None, source_arn: str | None = None
) -> dict[str, str]:
    """Environment variables of a role's session: its credentials, the region and the emulator's address.

    Raises hooks.RoleNotAssumableError when the role does not exist, or does not trust `service_principal` to act for
    `source_arn`.
    """
    credentials = hooks.role_credentials(role_arn, session_name, service_principal, source_arn)
    return environment_of(credentials)


def environment_of(credentials: Mapping[str, str]) -> dict[str, str]:
    """The same for a session whose credentials (AWS_ACCESS_KEY_ID and so on) are known."""
    return {**_account(), **credentials}


def client_as(role_arn: str, service: str, session_name: str = "fourfold", service_principal: str | None = None) -> Any:
    """A boto3 client that acts as the role.

    Raises hooks.RoleNotAssumableError as `role_environment` does.
    """
    return client_from(role_environment(role_arn, session_name, service_principal), service)


def client(service: str) -> Any:
    """A boto3 client that acts as the account."""
    return client_from(_account(), service)


def _account() -> dict[str, str]:
    return root_environment(os.environ["AWS_ENDPOINT_URL"])
