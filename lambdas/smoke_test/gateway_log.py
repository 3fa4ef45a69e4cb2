"""What the gateway wrote into its log about a request that it answered with an error.

The API tells its callers an instance and no more; whoever operates it finds the cause in the log, under that
instance. A failed run is for operators, so it quotes the line.
"""

from __future__ import annotations

import json
import time

from lambdas.shared import aws

PREFIX = "urn:request:"
# A line may take a few seconds from the function's output to the log.
ATTEMPTS = 5
PAUSE_SECONDS = 2.0
READ_TIMEOUT_SECONDS = 5
# No call begins later than this after the first; the last one may still take its own time.
LOOKING_SECONDS = 20.0
LONGEST_SECONDS = LOOKING_SECONDS + aws.CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
WINDOW_SECONDS = 600
MAX_CHARACTERS = 2000
CAUSES = {"ERROR", "WARNING"}


def cause(log_group: str, instance: str) -> str:
    """Give the log's line about a request, or why there is none to show, within `LONGEST_SECONDS`."""
    request_id = instance.removeprefix(PREFIX)
    why_not = f"the log group {log_group} says nothing about {instance}"
    until = time.monotonic() + LOOKING_SECONDS
    for _ in range(ATTEMPTS):
        try:
            if found := _line(log_group, request_id, until):
                return found[:MAX_CHARACTERS]
        except aws.CALL_ERRORS as failure:
            why_not = f"the log group {log_group} could not be read: {failure}"
            if not aws.passes_by_itself(failure):
                break
        time.sleep(PAUSE_SECONDS)
        if time.monotonic() >= until:
            break
    return why_not


def _line(log_group: str, request_id: str, until: float) -> str | None:
    """Look through the log's pages, as far as that is possible `until` (by `time.monotonic`)."""
    pages = (
        aws.client("logs", read_timeout=READ_TIMEOUT_SECONDS, attempts=1)
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
        if time.monotonic() >= until:
            break
    return None


def _document(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
