"""What a route gives back: a whole document, or bytes that go out as they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from lambdas.gateway.problems import Problem

JSON, PROBLEM, EVENTS = "application/json", "application/problem+json", "text/event-stream; charset=utf-8"


class Reply(NamedTuple):
    """A response with a JSON body; None is no body at all."""

    body: object
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = JSON
    headers: Mapping[str, str] = MappingProxyType({})

    def content(self) -> bytes:
        """Give the body as it goes out."""
        return b"" if self.body is None else written(self.body)


class Stream(NamedTuple):
    """Server-sent events.

    Attributes:
        events: each a whole event. What it raises before the first one becomes an ordinary problem response.
        failed: gives the event for a problem that comes later.
    """

    events: Iterator[bytes]
    failed: Callable[[Problem], bytes]


def event(name: str, document: object) -> bytes:
    """Write one event with a name.

    >>> event("delta", {"text": "a"})
    b'event: delta\\ndata: {"text": "a"}\\n\\n'
    """
    return b"event: %s\ndata: %s\n\n" % (name.encode(), written(document))


def written(document: object) -> bytes:
    """Write JSON, its characters as they are; one of which a model wrote but half cannot be in UTF-8, and is escaped.

    >>> written("é"), written("\\ud83e"), written("\\ud83e" + "\\udd89")
    (b'"\\xc3\\xa9"', b'"\\\\ud83e"', b'"\\\\ud83e\\\\udd89"')
    """
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(document).encode()
