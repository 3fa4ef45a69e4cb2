"""What the gateway wrote into its log about a request that it answered with an error.

The API tells its callers an instance and no more; whoever operates it finds the cause in the log, under that
instance. A failed run is for operators, so it quotes the line.
"""

from __future__ import annotations

import json
import time

from botocore.exceptions import ClientError

from lambdas.shared import aws

PREFIX = "urn:request:"
# A line may take a few seconds from the function's output to the log.
ATTEMPTS = 5
PAUSE_SECONDS = 2.0
WINDOW_SECONDS = 600
MAX_CHARACTERS = 2000
CAUSES = {"ERROR", "WARNING"}


def cause(log_group: str, instance: str) -> str:
    """Give the log's line about a request, or why there is none to show."""
    request_id = instance.removeprefix(PREFIX)
    try:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE_SECONDS)
            if found := _line(log_group, request_id):
                return found[:MAX_CHARACTERS]
    except ClientError as error:
        return f"the log group {log_group} could not be read: {error}"
    return f"the log group {log_group} says nothing about {instance}"


def _line(log_group: str, request_id: str) -> str | None:
    pages = (
        aws.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=log_group,
            filterPattern=f'"{request_id}"',
            startTime=int((time.time() - WINDOW_SECONDS) * 1000),
        )
    )
    for page in pages:
        for event in page["events"]:
            document = _document(event["message"])
            if document.get("level") in CAUSES and document.get("request_id") == request_id:
                return str(document.get("message"))
    return None


def _document(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
