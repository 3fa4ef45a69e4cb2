"""API Gateway's events as HTTP requests, and HTTP answers in the form that API Gateway wants of a function.

The request context and the invocation's context go along in headers. Applications trust these, so what a client
sends under their names never gets through.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

Json = dict[str, Any]
Pairs = list[tuple[str, str]]

REQUEST_CONTEXT = "x-amzn-request-context"
LAMBDA_CONTEXT = "x-amzn-lambda-context"
_OURS = (REQUEST_CONTEXT, LAMBDA_CONTEXT)
# They belong to one connection, and the next one has its own; a body's length is counted anew.
_OF_A_CONNECTION = ("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection")
_PATH_AS_IT_IS = "/:@!$&'()*+,;=-._~%"
_TEXTS = ("text/", "application/json", "application/javascript", "application/xml")
_TEXT_ENDINGS = ("+json", "+xml")


class EventNotForwardedError(Exception):
    """The event is none of a REST API."""


@dataclass(frozen=True)
class HttpRequest:
    """One request to the application; header values as bytes, since the contexts are UTF-8."""

    method: str
    target: str
    headers: tuple[tuple[str, bytes], ...]
    body: bytes


def http_request(event: Any, lambda_context: Mapping[str, Any]) -> HttpRequest:
    """The request that an event of a REST API stands for.

    Raises:
        EventNotForwardedError: the event comes from elsewhere.
    """
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(context, dict) or "httpMethod" not in event or "path" not in event:
        raise EventNotForwardedError(
            "The twin's Lambda Web Adapter forwards requests of REST APIs alone; this event is none."
        )
    query = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters") or {}
    target = quote(event["path"], safe=_PATH_AS_IT_IS) + (f"?{urlencode(query, doseq=True)}" if query else "")
    contexts = {REQUEST_CONTEXT: context, LAMBDA_CONTEXT: lambda_context}
    added = ((name, json.dumps(value, ensure_ascii=False).encode()) for name, value in contexts.items())
    return HttpRequest(event["httpMethod"], target, (*_client_headers(event), *added), _body(event))


def _client_headers(event: Json) -> Iterator[tuple[str, bytes]]:
    single = {name: [value] for name, value in (event.get("headers") or {}).items()}
    for name, values in (event.get("multiValueHeaders") or single).items():
        if name.lower() not in (*_OURS, *_OF_A_CONNECTION, "content-length"):
            yield from ((name, _header_bytes(value)) for value in values)


def _header_bytes(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def _body(event: Json) -> bytes:
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def end_to_end(headers: Pairs) -> Pairs:
    """The headers of an answer without those of its connection."""
    return [(name, value) for name, value in headers if name.lower() not in _OF_A_CONNECTION]


def proxy_response(status: int, headers: Pairs, body: bytes) -> Json:
    """A whole answer as API Gateway's proxy integration takes it."""
    many: dict[str, list[str]] = {}
    for name, value in headers:
        many.setdefault(name.lower(), []).append(value)
    text = _is_text(many)
    return {
        "statusCode": status,
        "headers": {name: values[-1] for name, values in many.items()},
        "multiValueHeaders": many,
        "body": body.decode(errors="replace") if text else base64.b64encode(body).decode(),
        "isBase64Encoded": not text,
    }


def _is_text(headers: Mapping[str, list[str]]) -> bool:
    """Whether a body goes as it is; what is compressed, or of an unknown type, goes in base64."""
    if "content-encoding" in headers:
        return False
    kind = headers.get("content-type", ["application/octet-stream"])[-1].lower()
    media_type = kind.partition(";")[0].strip()
    return media_type.startswith(_TEXTS) or media_type.endswith(_TEXT_ENDINGS) or "charset=utf-8" in kind
