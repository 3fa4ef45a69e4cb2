"""Events, parts and errors of a stream, as Bedrock and SageMaker write them."""

from __future__ import annotations

import json

from twin.event_stream import frame


def event(name: str, document: dict[str, object]) -> bytes:
    """Give one event with a JSON payload."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps(document).encode())


def part(content: bytes) -> bytes:
    """Give a part of an endpoint's answer, as InvokeEndpointWithResponseStream sends it."""
    headers = {
        ":event-type": "PayloadPart",
        ":content-type": "application/octet-stream",
        ":message-type": "event",
    }
    return frame(headers, content)


def exception(name: str, message: str) -> bytes:
    """Give an error in the middle of a stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, json.dumps({"message": message}).encode())
