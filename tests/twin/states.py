"""States of machines that the tests run: tasks, and those that wait for a token."""

from __future__ import annotations

from typing import Any

ECHO = "def handle(event, context): return {'got': event}"


def task(resource: str, **settings: Any) -> dict[str, Any]:
    """States that are one task, of an integration by its name (`lambda:invoke`) or its ARN."""
    resource = resource if resource.startswith("arn:") else f"arn:aws:states:::{resource}"
    return {"Task": {"Type": "Task", "Resource": resource, "End": True, **settings}}


def invoking(function: str, payload: Any, **settings: Any) -> dict[str, Any]:
    """States that invoke a function."""
    return task("lambda:invoke", Parameters={"FunctionName": function, "Payload": payload}, **settings)


TAKE_TOKEN = "def handle(event, context): print('token', event['token'])"


def token_task(function: str, **settings: Any) -> dict[str, Any]:
    """States that give a token to a function, and wait until somebody sends it back."""
    parameters = {"FunctionName": function, "Payload": {"token.$": "$$.Task.Token"}}
    return task("lambda:invoke.waitForTaskToken", Parameters=parameters, **settings)
