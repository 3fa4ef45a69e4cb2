"""Service clients: made on first use, kept for the life of the execution environment, always with time-outs.

botocore ships no type information, so clients are `Any`. boto3, which would add to them what no function here uses,
takes as long to import as all the rest of the gateway.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError, ReadTimeoutError
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.session import Session
from urllib3.exceptions import HTTPError

from lambdas.shared.errors import AccessDenied, FunctionError, ServiceCallFailed

__all__ = [
    "CALL_ERRORS",
    "CONNECT_TIMEOUT_SECONDS",
    "NETWORK_ERRORS",
    "ClientError",
    "ReadTimeoutError",
    "client",
    "error_code",
    "error_message",
    "explained",
    "passes_by_itself",
    "session",
    "unanswered",
]

CONNECT_TIMEOUT_SECONDS = 5
# What a call raises when no answer came, or only a part of one: no connection, none in time, or one that broke off.
NETWORK_ERRORS = (BotocoreConnectionError, HTTPClientError, IncompleteReadError, HTTPError)
CALL_ERRORS = (ClientError, *NETWORK_ERRORS)
# Services call a missing permission by different names; SNS has one for a key of KMS, API Gateway one of its own.
ACCESS_CODES = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "KMSAccessDenied",
    "UnauthorizedException",
    "UnauthorizedOperation",
}
# Throttling, by the names that come with other statuses than 429 as well.
THROTTLING_CODES = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


_making = threading.Lock()


@lru_cache(maxsize=16)
def client(
    service: str,
    *,
    read_timeout: float = 20,
    attempts: int = 4,
    connect_timeout: float = CONNECT_TIMEOUT_SECONDS,
    connections: int = 10,
) -> Any:
    """Give the client of a service.

    Args:
        service: boto3's name of the service.
        read_timeout: seconds to wait for an answer.
        attempts: tries in all, with the SDK's exponential backoff and jitter between them; 1 = no retry.
        connect_timeout: seconds to wait for a connection.
        connections: how many are kept for the next call.
    """
    retries = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries=retries,
        max_pool_connections=connections,
    )
    with _making:  # a session makes one client at a time
        return session().create_client(service, config=config)


@lru_cache(maxsize=1)
def session() -> Session:
    """Give the session of all clients: it knows the credentials and the configuration."""
    return Session()


def forget() -> None:
    """Make clients anew, with the credentials that the environment has by then: a session remembers its own."""
    client.cache_clear()
    session.cache_clear()


def error_code(failure: ClientError) -> str:
    """Give the service's error code, such as ``ThrottlingException``."""
    return str(failure.response.get("Error", {}).get("Code", ""))


def error_message(failure: ClientError) -> str:
    """Give the service's own words."""
    return str(failure.response.get("Error", {}).get("Message", "")).strip()


def passes_by_itself(failure: Exception) -> bool:
    """Whether the same call may succeed a little later: no answer came, or the service throttled or failed itself."""
    if not isinstance(failure, ClientError):
        return isinstance(failure, NETWORK_ERRORS)
    status = int(failure.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    too_many, own_fault = HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR
    return error_code(failure) in THROTTLING_CODES or status == too_many or status >= own_fault


def unanswered(failure: Exception) -> FunctionError:
    """Turn a call that nobody answered into an error that says what to do."""
    return ServiceCallFailed(
        f"A call was not answered: {failure}",
        remedy="If the service's health dashboard shows nothing, start a new run; it passes by itself.",
    )


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
