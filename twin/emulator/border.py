"""What does not get into the emulator: requests of web pages, and its own administration.

Listening on loopback keeps other machines out, not the pages in this machine's browser. Whoever gets a request
through is the account's root, so a page must not: neither by naming 127.0.0.1, nor under a name of its own that
it has pointed there. Browsers say where a request comes from, and programs do not: `Origin`, `Sec-Fetch-Site`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Coroutine[Any, Any, None]]

# This machine's own names. Whatever ends in .localhost resolves to loopback and to nothing else; that is how
# buckets (bucket.s3.localhost), APIs (id.execute-api.localhost) and function URLs are addressed by host.
_LOOPBACK = re.compile(r"(127(\.\d{1,3}){3}|\[::1\]|([a-z0-9._-]+\.)?localhost)(:\d{1,5})?", re.IGNORECASE)
_OPEN = ("/_ministack/health", "/_localstack/health")
# Where a custom resource's function answers CloudFormation: the path ends in a token that nobody else is told.
_CUSTOM_RESOURCE_ANSWER = "/_ministack/cfn-response/"
_ADMINISTRATION = ("/_ministack", "/_localstack")
_POLICY_VIOLATION = 1008


def refusal(scope: Message) -> str | None:
    """Why a request may not come in, or None."""
    hosts = _values(scope, b"host")
    if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0]):
        return f"The emulator answers to this machine's own names alone, not to '{', '.join(hosts)}'."
    # One page of this machine may not speak for its user either, so another port is another site.
    if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in _values(scope, b"origin")):
        return f"The emulator answers no web pages, such as one of {_values(scope, b'origin')[0]}."
    if any(site not in ("same-origin", "none") for site in _values(scope, b"sec-fetch-site")):
        return "The emulator answers no web pages of other sites."
    if _is_administration(scope["path"]):
        return f"The twin does not serve {scope['path']}: its emulator is not administered over HTTP."
    return None


def guarded(application: Application) -> Application:
    """The application without the requests that may not come in; they get 403, and WebSockets all do."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # No API that is served here has them.
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        elif scope["type"] == "http" and (reason := refusal(scope)):
            await _refuse(send, reason)
        else:
            await application(scope, receive, send)

    return serve


def _is_administration(path: str) -> bool:
    if path in _OPEN or path.startswith(_CUSTOM_RESOURCE_ANSWER):
        return False
    return path in _ADMINISTRATION or path.startswith(tuple(f"{prefix}/" for prefix in _ADMINISTRATION))


def _values(scope: Message, name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1").strip() for given, value in headers if given.lower() == name]


async def _refuse(send: Send, reason: str) -> None:
    body = json.dumps({"__type": "AccessDeniedException", "message": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
