"""Event streams of Bedrock, read frame by frame as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import EventStreamError

from lambdas.shared.direct import read


def events(body: Any, operation: str) -> Iterator[tuple[str, Any]]:
    """Yield each event's type and what it has.

    Args:
        body: urllib3's response, whose head has been read.
        operation: by its name in the API, for errors.

    Raises:
        botocore.exceptions.EventStreamError: the service ended the stream with an error.
        botocore.eventstream.ParserError: a frame is not whole.
        ServiceCallFailed: an event is no JSON.
    """
    buffer = EventStreamBuffer()
    for chunk in body.stream():
        buffer.add_data(chunk)
        for message in buffer:
            if message.headers.get(":message-type") != "event":
                raise _failed(message, operation)
            yield message.headers[":event-type"], read(operation, message.payload)


def _failed(message: Any, operation: str) -> EventStreamError:
    headers = message.headers
    if ":exception-type" not in headers:
        error = {"Code": headers.get(":error-code", ""), "Message": headers.get(":error-message", "")}
        return EventStreamError({"Error": error}, operation)
    try:
        told = json.loads(message.payload)
        words = told.get("message", told.get("Message", ""))
    except (ValueError, RecursionError, AttributeError):
        words = message.payload.decode(errors="replace")
    return EventStreamError({"Error": {"Code": headers[":exception-type"], "Message": words}}, operation)
