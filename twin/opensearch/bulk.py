"""The body of a bulk request: lines of JSON, an action and what it acts with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twin.opensearch import errors

Json = dict[str, Any]

_ACTIONS = ("create", "delete", "index", "update")
_NO_ID = "Document ID is not supported in create/index operation request"


@dataclass(frozen=True)
class Action:
    """One action: on an index, with the document that is written or the id of the one that goes."""

    kind: str
    index: str
    document: Json | None = None
    id: str | None = None
    refusal: errors.OpenSearchError | None = None
    """Why this action alone is refused."""


def parse(body: bytes, index: str | None = None) -> list[Action]:
    """The actions of a body, on the `index` that the path names where they name none. Raises OpenSearchError."""
    if not body.strip():
        raise errors.OpenSearchError("parse_exception", "request body is required")
    if not body.endswith(b"\n"):
        raise errors.illegal("The bulk request must be terminated by a newline [\\n]")
    lines = ((number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip())
    return list(_actions(lines, index))


def _actions(lines: Iterator[tuple[int, bytes]], default: str | None) -> Iterator[Action]:
    for number, line in lines:
        head = _object(line, number)
        if len(head) != 1 or next(iter(head)) not in _ACTIONS or not isinstance(next(iter(head.values())), dict):
            raise errors.illegal(
                f"Malformed action/metadata line [{number}], expected one of {list(_ACTIONS)} with an object"
            )
        [(kind, named)] = head.items()
        if unknown := sorted(set(named) - {"_index", "_id"}):
            raise errors.illegal(f"Action/metadata line [{number}] contains an unknown parameter {unknown}")
        index, given = named.get("_index", default), named.get("_id")
        if not isinstance(index, str) or not index:
            raise errors.OpenSearchError(
                "action_request_validation_exception", f"Validation Failed: {number}: index is missing;"
            )
        document = None
        if kind != "delete":
            source = next(lines, None)
            if source is None:
                raise errors.illegal(f"Line [{number}] wants a document behind it")
            document = _object(source[1], source[0])
        yield _action(kind, index, document, given, number)


def _action(kind: str, index: str, document: Json | None, given: Any, number: int) -> Action:
    if kind == "delete":
        if not isinstance(given, str) or not given:
            raise errors.OpenSearchError(
                "action_request_validation_exception", f"Validation Failed: {number}: id is missing;"
            )
        return Action(kind, index, id=given)
    refusal = None
    if kind == "update":
        refusal = errors.illegal("The twin's collections do not update documents: delete and index anew.")
    elif given is not None:
        refusal = errors.illegal(_NO_ID)
    return Action(kind, index, document, None if given is None else str(given), refusal)


def _object(line: bytes, number: int) -> Json:
    try:
        parsed = json.loads(line)
    except (RecursionError, ValueError) as error:
        raise errors.illegal(f"Malformed content, line [{number}] is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise errors.illegal(f"Malformed content, line [{number}] is not an object")
    return parsed
