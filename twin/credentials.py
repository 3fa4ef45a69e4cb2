"""Clients and environments inside the emulator's process: as a role, or as the account itself.

What a job, a pipeline step or a state machine's task does is done with the temporary credentials of its
role, so that IAM judges it as on AWS. What the emulator does on its own behalf (CloudFormation handlers,
writing a job's logs) is done as the account.
"""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore.config import Config

from twin.emulator import hooks

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
# The work goes to loopback: retries only blur errors, except for what AWS's clients retry everywhere.
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 3}, read_timeout=900, s3={"addressing_style": "path"})


def root_environment(endpoint_url: str) -> dict[str, str]:
    """Environment variables of the account itself at an emulator: everything is allowed to it."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": "fourfold",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def role_environment(role_arn: str, session_name: str, service_principal: str | None = None) -> dict[str, str]:
    """Environment variables of a role's session: its credentials, the region and the emulator's address.

    Raises hooks.RoleNotAssumableError when the role does not exist, or does not trust `service_principal`.
    """
    credentials = hooks.role_credentials(role_arn, session_name, service_principal)
    return {**root_environment(os.environ["AWS_ENDPOINT_URL"]), **credentials}


def client_as(role_arn: str, service: str, session_name: str = "fourfold") -> Any:
    """A boto3 client that acts as the role.

    Raises hooks.RoleNotAssumableError as `role_environment` does.
    """
    return _client(service, role_environment(role_arn, session_name))


def client(service: str) -> Any:
    """A boto3 client that acts as the account."""
    return _client(service, root_environment(os.environ["AWS_ENDPOINT_URL"]))


def _client(service: str, environment: dict[str, str]) -> Any:
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        region_name=environment["AWS_REGION"],
    )
    return session.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"], config=_CONFIG)
