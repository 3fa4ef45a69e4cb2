"""One method of the REST API, invoked through API Gateway without a signed request from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.shared import aws
from lambdas.shared.targets import Target

PATH = "/v1/summarize"
# The gateway's statuses that pass by themselves: throttled, no target or endpoint yet, too slow when cold.
PASSING_STATUSES = {429, 503, 504}


class NotReady(Exception):
    """The model may answer in a while."""


class Refused(Exception):
    """The answer is not one, and waiting will not change it; `instance` names the request, where the API does."""

    def __init__(self, message: str, instance: str | None = None) -> None:
        super().__init__(message)
        self.instance = instance


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
        """Ask for a summary and check that `target` gave it.

        Raises:
            NotReady: an error that passes, or another target's answer.
            Refused: any other error.
        """
        started = time.perf_counter()
        response = aws.client("apigateway", attempts=1).test_invoke_method(
            restApiId=self.api_id,
            resourceId=self.resource_id,
            httpMethod="POST",
            pathWithQueryString=self.path,
            headers={"Content-Type": "application/json"},
            body=json.dumps({"text": text}),
        )
        millis = (time.perf_counter() - started) * 1000
        status, body = int(response["status"]), str(response.get("body", ""))
        document = _document(status, body)
        if status != 200:
            problem = f"status {status}: {document.get('detail') or body[:500]}"
            if status in PASSING_STATUSES:
                raise NotReady(problem)
            instance = document.get("instance")
            raise Refused(f"The API answered with {problem}", instance if isinstance(instance, str) else None)
        return Reply(_checked_output(document, target), millis)


def summarize_method(api_id: str) -> ApiMethod | None:
    """Find the API's summarize resource."""
    pages = aws.client("apigateway").get_paginator("get_resources").paginate(restApiId=api_id)
    for page in pages:
        for resource in page.get("items", []):
            if resource.get("path") == PATH:
                return ApiMethod(api_id, str(resource["id"]))
    return None


def _document(status: int, body: str) -> Mapping[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if isinstance(value, Mapping):
        return value
    if status == 200:
        raise Refused(f"The API answered with something else than a JSON object: {body[:500]!r}")
    return {}


def _checked_output(document: Mapping[str, object], target: Target) -> str:
    answering = (document.get("model"), document.get("run_id"))
    if answering != (target.label, target.run_id):
        raise NotReady(f"{answering[0]} of run {answering[1]} answered, not {target.label} of run {target.run_id}")
    output = document.get("output")
    if not isinstance(output, str) or not output.strip():
        raise Refused("The model answered with an empty text")
    return output
