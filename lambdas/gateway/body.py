"""A request's body as one JSON object within bounds."""

from __future__ import annotations

import json
from http import HTTPStatus

from lambdas.gateway.problems import Problem

MAX_DEPTH = 8


def json_object(content_type: str, body: bytes) -> dict[str, object]:
    """Parse the body.

    Raises:
        Problem: 415 for another content type, 400 for all else that is wrong.
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json.")
    value = _parsed(body)
    if not isinstance(value, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    if _too_deep(value):
        raise _nested()
    return value


def _parsed(body: bytes) -> object:
    if not body.strip():
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is empty; send a JSON object.")
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object)
    except UnicodeDecodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not valid UTF-8.") from None
    except json.JSONDecodeError as mistake:
        place = f"line {mistake.lineno}, column {mistake.colno}"
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not valid JSON: {mistake.msg} at {place}.") from None
    except RecursionError:
        raise _nested() from None
    except ValueError:  # an integer of thousands of digits
        raise Problem(HTTPStatus.BAD_REQUEST, "The body holds a number that is too long.") from None


def _nested() -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, f"The body is nested deeper than {MAX_DEPTH} levels.")


def _refuse_constant(name: str) -> object:
    raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not valid JSON: {name} is not a JSON number.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body names a field twice in one object.")
    return value


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return any(isinstance(item, (dict, list)) for item in level)
