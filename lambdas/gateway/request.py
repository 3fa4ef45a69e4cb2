"""An API Gateway proxy event as an HTTP request, and its body as a JSON object within bounds."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from lambdas.gateway.problems import Problem

MAX_DEPTH = 8
# A character of JSON text takes up to six bytes escaped; the rest of a request is small.
BYTES_PER_CHARACTER = 6
OVERHEAD_BYTES = 16 * 1024
CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Attributes:
        headers: by lower-case name.
        request_id: API Gateway's id of this request.
        correlation_id: the caller's id for a chain of requests, or the request's own.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    correlation_id: str


def parse_request(event: Mapping[str, object]) -> Request:
    """Read a proxy event.

    Raises:
        Problem: the body is announced as base64 and is not.
    """
    found = event.get("headers")
    headers = {str(k).lower(): str(v) for k, v in found.items()} if isinstance(found, Mapping) else {}
    context = event.get("requestContext")
    given = context.get("requestId") if isinstance(context, Mapping) else None
    request_id = str(given) if given else str(uuid.uuid4())
    correlation_id = headers.get("x-correlation-id", "")
    return Request(
        method=str(event.get("httpMethod", "")).upper(),
        path=str(event.get("path", "")).rstrip("/") or "/",
        headers=headers,
        body=_body(event),
        request_id=request_id,
        correlation_id=correlation_id if CORRELATION_ID.fullmatch(correlation_id) else request_id,
    )


def _body(event: Mapping[str, object]) -> bytes:
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", errors="surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not valid base64.") from None


def json_object(request: Request, max_characters: int) -> dict[str, object]:
    """Parse the body as one JSON object.

    Raises:
        Problem: 415 for another content type, 413 for too many bytes, 400 for all else that is wrong.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json.")
    limit = BYTES_PER_CHARACTER * max_characters + OVERHEAD_BYTES
    if len(request.body) > limit:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The body is longer than {limit:,} bytes; a request may carry {max_characters:,} characters of text.",
        )
    value = _parsed(request.body)
    if not isinstance(value, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    if _too_deep(value):
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is nested deeper than {MAX_DEPTH} levels.")
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
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except ValueError:  # an integer of thousands of digits
        raise Problem(HTTPStatus.BAD_REQUEST, "The body holds a number that is too long.") from None


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
