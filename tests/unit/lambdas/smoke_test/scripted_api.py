"""An API that answers the smoke test as it is told to, and time that passes only as far as it is taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.smoke_test.handler import handle

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/fourfold-dev/3"
TARGET = {"kind": "sagemaker", "endpoint": "e", "model_package_arn": PACKAGE, "run_id": "run-7"}
ANSWER = {"model": "approved", "fourfold": {"label": "fourfold-dev/3"}, "run_id": "run-7", "output": "A summary."}
Invoke = Callable[[Mapping[str, Any]], Mapping[str, Any]]
FUNCTION_MILLIS = 300_000
LAST_CALL_MILLIS = 75_000
API_GATEWAY = "https://apigateway.eu-west-1.amazonaws.com"


def refused(code: str, status: int, message: str = "") -> ClientError:
    """An error of API Gateway itself."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "TestInvokeMethod")


def response(status: int, body: object) -> dict[str, Any]:
    """What TestInvokeMethod says of an answer of the API."""
    return {"status": status, "body": body if isinstance(body, str) else json.dumps(body)}


@dataclass
class Clock:
    """Time that passes only when something takes it; Lambda's count-down goes with it."""

    context: Context
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Stand in for time.monotonic."""
        return -self.context.millis / 1000

    def sleep(self, seconds: float) -> None:
        """Stand in for time.sleep, and remember what was waited."""
        self.waits.append(seconds)
        self.take(seconds)

    def take(self, seconds: float) -> None:
        """Let time pass."""
        self.context.millis -= int(seconds * 1000)


@dataclass
class Smoke:
    """The smoke test of an API that answers in turn with what is given; the last answer, or error, stays."""

    cloud: Cloud
    context: Context
    run: dict[str, Any]

    def __call__(self, *answers: Mapping[str, Any] | Exception) -> dict[str, object]:
        rest = list(answers)

        def invoke(_: object) -> Mapping[str, Any]:
            answer = rest.pop(0) if len(rest) > 1 else rest[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        if answers:
            self.asks(invoke)
        return handle({"run": self.run}, self.context)

    def asks(self, invoke: Invoke) -> None:
        """Answer every request by a function."""
        self.cloud.on("apigateway", "TestInvokeMethod", invoke)
