"""What a function's environment tells the Lambda Web Adapter, under the adapter's own names and with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PORT_VARIABLE = "AWS_LWA_PORT"
"""Where the application listens; set for each process, as several of them share this machine's ports."""
FALLBACK_PORT_VARIABLE = "PORT"
_STREAMING = "response_stream"
_HEALTHY = "100-499"
# What the adapter can do besides. A function that relies on it must not be answered without it.
_NOT_DONE = (
    "AWS_LWA_ASYNC_INIT",
    "AWS_LWA_AUTHORIZATION_SOURCE",
    "AWS_LWA_ENABLE_COMPRESSION",
    "AWS_LWA_ERROR_STATUS_CODES",
    "AWS_LWA_HOST",
    "AWS_LWA_LAMBDA_RUNTIME_API_PROXY",
    "AWS_LWA_READINESS_CHECK_PORT",
    "AWS_LWA_REMOVE_BASE_PATH",
    "AWS_LWA_TLS_CERT_FILE",
)


class AdapterSettingsError(Exception):
    """The function asks the adapter for what it does not do here, or in words it does not know."""


@dataclass(frozen=True)
class AdapterSettings:
    """How an application is waited for and answered.

    Attributes:
        streaming: whether the answer is sent on as it comes, in the form of Lambda's response streaming.
        readiness_path: what must answer before the first request is forwarded.
        readiness_by_tcp: whether it is enough that the port is open.
        healthy: the statuses with which the path says that the application is ready.
    """

    streaming: bool
    readiness_path: str
    readiness_by_tcp: bool
    healthy: frozenset[int]


def adapter_settings(variables: Mapping[str, str]) -> AdapterSettings:
    """Read the settings of a function out of its environment variables.

    Raises:
        AdapterSettingsError: names every variable that the twin does not honour.
    """
    if unknown := sorted(set(_NOT_DONE) & set(variables)):
        raise AdapterSettingsError(
            f"The twin's Lambda Web Adapter does not honour {', '.join(unknown)}. Take it out of the function's "
            "environment."
        )
    return AdapterSettings(
        streaming=is_streaming(variables),
        readiness_path=variables.get("AWS_LWA_READINESS_CHECK_PATH", "/"),
        readiness_by_tcp=variables.get("AWS_LWA_READINESS_CHECK_PROTOCOL", "http").lower() == "tcp",
        healthy=_statuses(variables.get("AWS_LWA_READINESS_CHECK_HEALTHY_STATUS", _HEALTHY)),
    )


def is_streaming(variables: Mapping[str, str]) -> bool:
    """Whether a function answers in the form of Lambda's response streaming."""
    return variables.get("AWS_LWA_INVOKE_MODE", "buffered").lower() == _STREAMING


def _statuses(given: str) -> frozenset[int]:
    """The statuses of `200-399,418`."""
    found: set[int] = set()
    try:
        for part in given.split(","):
            first, _, last = part.strip().partition("-")
            found.update(range(int(first), int(last or first) + 1))
    except ValueError as error:
        raise AdapterSettingsError(
            f"AWS_LWA_READINESS_CHECK_HEALTHY_STATUS is '{given}': statuses and ranges of them are wanted, such as "
            "200-399,418."
        ) from error
    return frozenset(found)
