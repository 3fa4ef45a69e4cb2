"""Clients and environments inside the emulator's process: as a role, or as the account itself.

What a job, a pipeline step or a state machine's task does is done with the temporary credentials of its
role, so that IAM judges it as on AWS. What the emulator does on its own behalf (CloudFormation handlers,
writing a job's logs) is done as the account.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

from twin.emulator import hooks
from twin.emulator.account import ACCOUNT_ID, REGION, root_environment

# A proxy never lies between two processes of one machine. Long calls are the emulator's own: training waits.
CLIENT_CONFIG = Config(proxies={}, read_timeout=900, retries={"mode": "standard"}, s3={"addressing_style": "path"})
# One session for all: it keeps the services' models, which take a tenth of a second to read. It makes one client
# at a time.
_session = boto3.Session()
_session_lock = threading.Lock()

__all__ = ["ACCOUNT_ID", "REGION", "client", "client_as", "role_environment"]


def role_environment(role_arn: str, session_name: str, service_principal: str | None = None) -> dict[str, str]:
    """Environment variables of a role's session: its credentials, the region and the emulator's address.

    Raises hooks.RoleNotAssumableError when the role does not exist, or does not trust `service_principal`.
    """
    credentials = hooks.role_credentials(role_arn, session_name, service_principal)
    return {**_account(), **credentials}


def client_as(role_arn: str, service: str, session_name: str = "fourfold", service_principal: str | None = None) -> Any:
    """A boto3 client that acts as the role.

    Raises hooks.RoleNotAssumableError as `role_environment` does.
    """
    return client_from(role_environment(role_arn, session_name, service_principal), service)


def client(service: str) -> Any:
    """A boto3 client that acts as the account."""
    return client_from(_account(), service)


def client_from(environment: Mapping[str, str], service: str) -> Any:
    """A boto3 client with the credentials, region and address of an environment."""
    with _session_lock:
        return _session.client(
            service,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
            region_name=environment["AWS_REGION"],
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            config=CLIENT_CONFIG,
        )


def _account() -> dict[str, str]:
    return root_environment(os.environ["AWS_ENDPOINT_URL"])
