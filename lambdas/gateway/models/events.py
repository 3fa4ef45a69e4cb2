"""Event streams of Bedrock, read frame by frame as they come.

A frame is as the specification has it: https://smithy.io/2.0/aws/amazon-eventstream.html. Its headers are read by
botocore, and equal ones once: the events of a stream have the same, and reading them takes most of the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from struct import Struct
from types import MappingProxyType
from typing import Any
from zlib import crc32

from botocore.eventstream import (
    ChecksumMismatch,
    EventStreamHeaderParser,
    InvalidHeadersLength,
    InvalidPayloadLength,
)
from botocore.exceptions import EventStreamError

from lambdas.shared.direct import read

Headers = Mapping[str, Any]

# Length of the frame, length of its headers, checksum of the two; and the checksum of all at the end.
_PRELUDE, _CHECKSUM = Struct(">III"), Struct(">I")
_AROUND = _PRELUDE.size + _CHECKSUM.size
# Of the specification.
MOST_HEADERS, MOST_PAYLOAD = 128 * 1024, 24 * 1024**2


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
    for headers, payload in frames(body.stream()):
        if headers.get(":message-type") != "event":
            raise _failed(headers, payload, operation)
        yield headers[":event-type"], read(operation, payload)


def frames(chunks: Iterator[bytes]) -> Iterator[tuple[Headers, bytes]]:
    """Yield headers and payload of each frame as soon as all of it is there; raises `ParserError` as `events` does."""
    held = b""
    for chunk in chunks:
        held = held + chunk if held else chunk
        start = 0
        while len(held) - start >= _PRELUDE.size:
            length, headers_end = _lengths(held, start)
            end = start + length
            if len(held) < end:
                break
            whole = held[start:end]
            _check(whole[: -_CHECKSUM.size], *_CHECKSUM.unpack_from(whole, length - _CHECKSUM.size))
            yield _headers(whole[_PRELUDE.size : headers_end]), whole[headers_end : -_CHECKSUM.size]
            start = end
        held = held[start:]


def _lengths(held: bytes, start: int) -> tuple[int, int]:
    """Give a frame's length, and where in it the headers end."""
    length, of_headers, checksum = _PRELUDE.unpack_from(held, start)
    _check(held[start : start + _PRELUDE.size - _CHECKSUM.size], checksum)
    if of_headers > MOST_HEADERS:
        raise InvalidHeadersLength(of_headers)
    if not 0 <= length - _AROUND - of_headers <= MOST_PAYLOAD:
        raise InvalidPayloadLength(length - _AROUND - of_headers)
    return length, _PRELUDE.size + of_headers


def _check(content: bytes, checksum: int) -> None:
    if (found := crc32(content)) != checksum:
        raise ChecksumMismatch(checksum, found)


@lru_cache(maxsize=64)
def _headers(content: bytes) -> Headers:
    return MappingProxyType(EventStreamHeaderParser().parse(content))


def _failed(headers: Headers, payload: bytes, operation: str) -> EventStreamError:
    if ":exception-type" not in headers:
        error = {"Code": headers.get(":error-code", ""), "Message": headers.get(":error-message", "")}
        return EventStreamError({"Error": error}, operation)
    try:
        told = json.loads(payload)
        words = told.get("message", told.get("Message", ""))
    except (ValueError, RecursionError, AttributeError):
        words = payload.decode(errors="replace")
    return EventStreamError({"Error": {"Code": headers[":exception-type"], "Message": words}}, operation)
