"""Service clients: made on first use, kept for the life of the execution environment, always with time-outs.

boto3 ships no type information, so this is the one module that imports it; clients are `Any`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, ReadTimeoutError
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from lambdas.shared.errors import AccessDenied, FunctionError, ServiceCallFailed

__all__ = [
    "NETWORK_ERRORS",
    "ClientError",
    "ReadTimeoutError",
    "client",
    "error_code",
    "error_message",
    "explained",
]

# What a call raises when no answer came: no connection, or none in time.
NETWORK_ERRORS = (BotocoreConnectionError, HTTPClientError)
ACCESS_CODES = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}


@lru_cache(maxsize=16)
def client(service: str, *, read_timeout: float = 20, attempts: int = 4) -> Any:
    """Give the client of a service.

    Args:
        service: boto3's name of the service.
        read_timeout: seconds to wait for an answer.
        attempts: tries in all, with the SDK's exponential backoff and jitter between them; 1 = no retry.
    """
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return boto3.client(service, config=Config(connect_timeout=5, read_timeout=read_timeout, retries=retries))


def error_code(failure: ClientError) -> str:
    """Give the service's error code, such as ``ThrottlingException``."""
    return str(failure.response.get("Error", {}).get("Code", ""))


def error_message(failure: ClientError) -> str:
    """Give the service's own words."""
    return str(failure.response.get("Error", {}).get("Message", "")).strip()


def explained(failure: ClientError) -> FunctionError:
    """Turn a refused call into an error that says which call it was and what to do."""
    code, message, call = error_code(failure), error_message(failure), str(failure.operation_name)
    if code in ACCESS_CODES:
        return AccessDenied(
            f"{call} was denied: {message or code}",
            remedy="Grant this action on this resource to the function's role in its stack and deploy again.",
        )
    return ServiceCallFailed(
        f"{call} failed with {code}: {message}",
        remedy="Look the error up in the service's API reference; if it is a throttle or a fault, run again.",
    )
