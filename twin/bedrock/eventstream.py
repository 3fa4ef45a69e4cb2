"""Events and errors of bedrock-runtime, in frames of AWS's event stream encoding."""

from __future__ import annotations

import json

from twin.emulator.hooks import Json, ServiceError
from twin.event_stream import CONTENT_TYPE as CONTENT_TYPE
from twin.event_stream import frame


def event(name: str, payload: Json) -> bytes:
    """One event."""
    return _frame({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, payload)


def exception(name: str, payload: Json) -> bytes:
    """An error in the middle of a stream, by its name in the stream's shape (`modelStreamErrorException`)."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return _frame(headers, payload)


def broken_off(reason: str) -> bytes:
    """The error of a model that has ended in the middle of its answer."""
    return exception("modelStreamErrorException", {"message": reason, "originalStatusCode": 500})


def failed(error: ServiceError) -> bytes:
    """An error of the service after the stream has begun."""
    return exception(member(error.code), {"message": error.message})


def member(code: str) -> str:
    """The name that an error has in the stream's shape."""
    return f"{code[0].lower()}{code[1:]}"


def _frame(headers: dict[str, str], payload: Json) -> bytes:
    return frame(headers, json.dumps(payload).encode())
