"""Frames of AWS's event stream encoding, as a service sends them."""

from __future__ import annotations

import json
import struct
from typing import Any
from zlib import crc32

_STRING = 7


def event(name: str, value: Any) -> bytes:
    """Write one event of JSON."""
    return _frame(name, "application/json", json.dumps(value).encode())


def payload(content: bytes) -> bytes:
    """Write one part of an endpoint's own bytes."""
    return _frame("PayloadPart", "application/octet-stream", content)


def _frame(name: str, content_type: str, body: bytes) -> bytes:
    headers = {":event-type": name, ":content-type": content_type, ":message-type": "event"}
    head = b"".join(_header(key, value) for key, value in headers.items())
    prelude = struct.pack(">II", len(head) + len(body) + 16, len(head))
    message = prelude + struct.pack(">I", crc32(prelude)) + head + body
    return message + struct.pack(">I", crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _STRING, len(value)) + value.encode()
