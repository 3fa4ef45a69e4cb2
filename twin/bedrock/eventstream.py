"""Frames of AWS's event stream encoding: lengths, their checksum, headers, payload, checksum of it all."""

from __future__ import annotations

import binascii
import json
import struct

from twin.emulator.hooks import Json, ServiceError

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7


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
    head = b"".join(_header(name, value) for name, value in headers.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", len(head) + len(body) + 16, len(head))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + head + body
    return message + struct.pack(">I", binascii.crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _STRING, len(value)) + value.encode()
