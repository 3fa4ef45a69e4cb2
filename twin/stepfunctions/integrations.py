"""Which integration the Resource of a Task state names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twin.stepfunctions.calls import SERVICES, operation_of
from twin.stepfunctions.optimized import OPTIMIZED

_SDK = re.compile(r"arn:aws:states:::aws-sdk:(?P<service>\w+):(?P<action>\w+)(?P<pattern>\.waitForTaskToken)?")
_OPTIMIZED = re.compile(r"arn:aws:states:::(?P<name>\w+:\w+(\.\w+)*)")
_FUNCTION = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:.+")


class UnknownIntegrationError(Exception):
    """An integration that AWS or the twin does not have; the text names it."""


@dataclass(frozen=True)
class Function:
    """A function's own ARN in place of an integration."""


@dataclass(frozen=True)
class SdkCall:
    """`aws-sdk:<service>:<action>`."""

    service: str
    action: str
    for_token: bool


@dataclass(frozen=True)
class Optimized:
    """`<service>:<action>` with its pattern: a key of OPTIMIZED."""

    name: str
    for_token: bool


def integration_of(resource: str) -> Function | SdkCall | Optimized:
    """The integration that a Resource names. Raises UnknownIntegrationError."""
    if _FUNCTION.fullmatch(resource):
        return Function()
    if (matched := _SDK.fullmatch(resource)) and matched["service"] in SERVICES:
        if operation_of(matched["service"], matched["action"]) is None:
            raise UnknownIntegrationError(f"{matched['service']} has no action {matched['action']} ({resource}).")
        return SdkCall(matched["service"], matched["action"], bool(matched["pattern"]))
    if (matched := _OPTIMIZED.fullmatch(resource)) and matched["name"] in OPTIMIZED:
        return Optimized(matched["name"], matched["name"].endswith(".waitForTaskToken"))
    raise UnknownIntegrationError(f"The twin does not support the integration {resource}.")
