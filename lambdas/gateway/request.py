"""One HTTP request as the routes see it, and what is to be said of it afterwards."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lambdas.gateway import identity
from lambdas.gateway.body import json_object
from lambdas.gateway.call import Call
from lambdas.gateway.exchange import NANO, Caller, Usage

CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
UNKNOWN = "unknown"
"""What the log calls the route of a path that nothing has."""
REQUEST_ID = re.compile(r"[A-Za-z0-9._=-]{1,128}")


@dataclass
class Record:
    """What becomes of a request: for the log, and for the metrics. Nothing of what was asked or answered is in it.

    Attributes:
        model: label of the model that answered.
        usage: tokens of all that was asked, of embeddings as well; None where no model was asked.
        nano_usd: what they cost, in billionths of a dollar; None where nothing of it is paid by the token.
        cache: ``off``, ``miss``, ``exact`` or ``semantic``.
        guard: ``off``, ``passed`` or ``blocked``.
    """

    route: str = UNKNOWN
    model: str | None = None
    usage: Usage | None = None
    nano_usd: int | None = None
    first_token_ms: float | None = None
    throttles: int = 0
    fallbacks: int = 0
    cache: str = "off"
    guard: str = "off"

    @property
    def cost_usd(self) -> float | None:
        """Give what it cost in US dollars."""
        return None if self.nano_usd is None else self.nano_usd / NANO

    def took(self, usage: Usage, nano_usd: int | None) -> None:
        """Add what a model took to what others took before it."""
        self.usage = usage if self.usage is None else self.usage + usage
        if nano_usd is not None:
            self.nano_usd = (self.nano_usd or 0) + nano_usd


@dataclass
class Request:
    """One request.

    Attributes:
        root: the part of the path before ``/v1`` that tells the authorizers apart.
        path: without its root.
        headers: by lower-case name.
        query: the raw query string.
        parameters: parts of the path that the route names.
        request_id: API Gateway's id of this request.
        correlation_id: the caller's id for a chain of requests, or the request's own.
        began: by `time.perf_counter`.
        allowed: whether the cap has been asked; `counted`, whether it is among the caller's requests already.
    """

    method: str
    root: str
    path: str
    headers: Mapping[str, str]
    request_id: str
    correlation_id: str
    call: Call
    context: identity.Context
    began: float
    body: bytes = b""
    query: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)
    record: Record = field(default_factory=Record)
    allowed: bool = False
    counted: bool = False

    @cached_property
    def caller(self) -> Caller:
        """Give who asks."""
        return identity.caller_of(self.root, self.context)

    def json(self) -> dict[str, object]:
        """Give the body as a JSON object; raises as `json_object` does."""
        return json_object(self.headers.get("content-type", ""), self.body)

    @property
    def milliseconds(self) -> float:
        """Milliseconds since the request came."""
        return round((time.perf_counter() - self.began) * 1000, 1)


def read_request(scope: Mapping[str, object]) -> Request:
    """Read the head of a request."""
    began = time.perf_counter()
    headers = _headers(scope["headers"])  # type: ignore[arg-type]
    root, path = _split(str(scope["path"]))
    context = identity.context_of(headers, identity.REQUEST_CONTEXT)
    given = context.get("requestId")
    request_id = given if isinstance(given, str) and REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
    correlation_id = headers.get("x-correlation-id", "")
    return Request(
        method=str(scope["method"]),
        root=root,
        path=path,
        headers=headers,
        request_id=request_id,
        correlation_id=correlation_id if CORRELATION_ID.fullmatch(correlation_id) else request_id[:64],
        call=Call(identity.deadline_of(identity.context_of(headers, identity.LAMBDA_CONTEXT))),
        context=context,
        began=began,
        query=bytes(scope.get("query_string", b"")),  # type: ignore[call-overload]
    )


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give the headers by name; the adapter's own count only when nobody sent them a second time."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1")
        if key in headers and key in identity.TRUSTED:
            headers[key] = ""
        else:
            headers[key] = value.decode("latin-1")
    return headers


def _split(path: str) -> tuple[str, str]:
    path = path.rstrip("/") or "/"
    for root in identity.ROOTS:
        if path.startswith(f"{root}/v1/"):
            return root, path[len(root) :]
    return "", path
