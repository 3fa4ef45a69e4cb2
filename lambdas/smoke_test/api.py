"""One method of the REST API, invoked through API Gateway without a signed request from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.shared import aws
from lambdas.shared.targets import Target

PATH = "/v1/summarize"
# A test gathers what the gateway streams, for 35 seconds at most; its answer comes after that.
READ_TIMEOUT_SECONDS = 40
LONGEST_CALL_SECONDS = aws.CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
# Of a test that the gateway has not begun to answer within that time, as while an endpoint is cold.
UNANSWERED = 0
# The gateway's statuses that pass by themselves: throttled, no target or endpoint yet, too slow when cold.
PASSING_STATUSES = {UNANSWERED, 429, 503, 504}
OK = 200
TOO_LONG = 413
TOO_LONG_REMEDY = (
    "Even the shorter half of the held-out records has texts that are too long to be served: lower "
    "data.filters.max_words, or raise gateway.max_input_characters where it is the limit."
)


class NotReady(Exception):
    """The model may answer in a while."""


class Refused(Exception):
    """The answer is not one, and waiting will not change it; `instance` names a request whose cause is in the log."""

    def __init__(
        self,
        message: str,
        *,
        instance: str | None = None,
        remedy: str = "Look at the gateway's and the endpoint's logs.",
    ) -> None:
        super().__init__(message)
        self.instance = instance
        self.remedy = remedy


@dataclass(frozen=True)
class Reply:
    """What the model wrote, and how long the API took."""

    output: str
    millis: float


@dataclass(frozen=True)
class ApiMethod:
    """POST on one resource of a REST API."""

    api_id: str
    resource_id: str
    path: str = PATH

    def summarize(self, text: str, target: Target) -> Reply:
        """Ask for a summary and check that `target` gave it; that takes `LONGEST_CALL_SECONDS` at most.

        Raises:
            NotReady: an error that passes, be it the API's or on the way to it, or another target's answer.
            Refused: any other error of the API.
            botocore.exceptions.ClientError: API Gateway refuses the call itself.
        """
        started = time.perf_counter()
        response = self._invoke(text)
        millis = (time.perf_counter() - started) * 1000
        document = _document(response)
        if response["status"] != OK:
            raise _failure(response, document)
        return Reply(_checked_output(document, target), millis)

    def _invoke(self, text: str) -> Mapping[str, Any]:
        """Make one attempt: a retry of the SDK's would count as the model's latency, and outlast our patience."""
        client = aws.client("apigateway", read_timeout=READ_TIMEOUT_SECONDS, attempts=1)
        try:
            response: Mapping[str, Any] = client.test_invoke_method(
                restApiId=self.api_id,
                resourceId=self.resource_id,
                httpMethod="POST",
                pathWithQueryString=self.path,
                headers={"Content-Type": "application/json"},
                # A former answer would say nothing of the model as it is now.
                body=json.dumps({"text": text, "fourfold": {"cache": False}}),
            )
        except aws.CALL_ERRORS as failure:
            if aws.passes_by_itself(failure):
                raise NotReady(f"API Gateway gave no answer: {failure}") from failure
            raise
        return response


def summarize_method(api_id: str) -> ApiMethod | None:
    """Find the API's summarize resource."""
    pages = aws.client("apigateway").get_paginator("get_resources").paginate(restApiId=api_id)
    for page in pages:
        for resource in page.get("items", []):
            if resource.get("path") == PATH:
                return ApiMethod(api_id, str(resource["id"]))
    return None


def _document(response: Mapping[str, Any]) -> Mapping[str, object]:
    body = str(response.get("body", ""))
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if isinstance(value, Mapping):
        return value
    if response["status"] == OK:
        raise Refused(f"The API answered with something else than a JSON object: {body[:500]!r}")
    return {"detail": body[:500]}


def _failure(response: Mapping[str, Any], document: Mapping[str, object]) -> NotReady | Refused:
    """Tell what passes from what does not; an answer that says when to come back passes whatever its status."""
    status, headers = int(response["status"]), response.get("headers") or {}
    problem = f"status {status}: {document.get('detail')}"
    if status in PASSING_STATUSES or any(name.lower() == "retry-after" for name in headers):
        return NotReady(problem)
    message = f"The API answered with {problem}"
    if status == TOO_LONG:
        return Refused(message, remedy=TOO_LONG_REMEDY)
    instance = document.get("instance")
    return Refused(message, instance=instance if isinstance(instance, str) else None)


def _checked_output(document: Mapping[str, object], target: Target) -> str:
    told = document.get("fourfold")
    label = told.get("label") if isinstance(told, Mapping) else None
    answering = (label, document.get("run_id"))
    if answering != (target.label, target.run_id):
        raise NotReady(f"{answering[0]} of run {answering[1]} answered, not {target.label} of run {target.run_id}")
    output = document.get("output")
    if not isinstance(output, str) or not output.strip():
        raise Refused("The model answered with an empty text")
    return output
