"""Who asks, and for how long an answer is of use: as API Gateway and Lambda say it, never the client.

The Lambda Web Adapter sets the headers `x-amzn-request-context` and `x-amzn-lambda-context`, and overrides what a
client sends under these names. Which of the context's identities counts depends on the path's root, because each root
has its own authorizer; what another one would have said is not looked at.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

from lambdas.gateway.exchange import Caller

REQUEST_CONTEXT, LAMBDA_CONTEXT = "x-amzn-request-context", "x-amzn-lambda-context"
TRUSTED = (REQUEST_CONTEXT, LAMBDA_CONTEXT)
# What is left of the function's time for writing the answer.
RESERVE_SECONDS = 1.0
UNLIMITED_SECONDS = 900.0
OPEN = Caller("open", "open")
Context = Mapping[str, object]


def context_of(headers: Mapping[str, str], name: str) -> Context:
    """Read one of the two contexts; empty where the application runs without an adapter before it."""
    try:
        value = json.loads(headers.get(name, "{}"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def caller_of(root: str, context: Context) -> Caller:
    """Give who asks under a root; `OPEN` where nobody is named, whom `routing` lets in only where the API is open."""
    return _BY_ROOT[root](context) or OPEN


def deadline_of(context: Context) -> float:
    """Give when an answer is of no use any more, by `time.monotonic`."""
    milliseconds = context.get("deadline", context.get("deadline_ms"))
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        return time.monotonic() + UNLIMITED_SECONDS
    return time.monotonic() + milliseconds / 1000 - time.time() - RESERVE_SECONDS


def _service(context: Context) -> Caller | None:
    arn = _text(context, "identity", "userArn")
    return Caller(f"service:{_without_session(arn)}", "service") if arn else None


def _user(context: Context) -> Caller | None:
    subject = _text(context, "authorizer", "claims", "sub")
    return Caller(f"user:{subject}", "user") if subject else None


def _partner(context: Context) -> Caller | None:
    key = _text(context, "identity", "apiKeyId")
    return Caller(f"partner:{key}", "partner") if key else None


PARTNERS = "/partners"
_BY_ROOT: dict[str, Callable[[Context], Caller | None]] = {"": _service, "/api": _user, PARTNERS: _partner}
ROOTS = tuple(root for root in _BY_ROOT if root)


def _without_session(arn: str) -> str:
    """Give the role of an assumed role: its sessions come and go, and what is kept is the role's.

    >>> _without_session("arn:aws:sts::123456789012:assumed-role/Reader/session-1")
    'arn:aws:sts::123456789012:assumed-role/Reader'
    """
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn


def _text(context: Context, *path: str) -> str:
    value: object = context
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""
