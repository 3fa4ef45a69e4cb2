"""Frames of AWS's event stream encoding, as a service writes them: lengths, headers, payload, and their checksums."""

from __future__ import annotations

import binascii
import json
import struct

_STRING = 7


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


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """Put a frame together."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", len(head) + len(payload) + 16, len(head))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + head + payload
    return message + struct.pack(">I", binascii.crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _STRING, len(value)) + value.encode()
