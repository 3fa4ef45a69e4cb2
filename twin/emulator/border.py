"""What does not get into the emulator: requests of web pages, and its own administration.

Listening on loopback keeps other machines out, not the pages in this machine's browser. Whoever gets a request
through is the account's root, so a page must not: neither by naming 127.0.0.1, nor under a name of its own that
it has pointed there. Browsers say where a request comes from, and programs do not: `Origin`, `Sec-Fetch-Site`.

Distributions and sign-in pages are for browsers, and have names of their own (`twin.emulator.addresses`) under which
nothing else is served. As on AWS anyone may send the user there. Only a distribution's own pages may ask it for
more, and a sign-in is asked for tokens by the pages that it lets return.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from twin.emulator.addresses import distribution_label, is_public, sign_in_prefix

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
TOKEN_PATHS = ("/oauth2/token", "/oauth2/revoke", "/oauth2/userInfo")
"""What pages ask a sign-in for from where they are."""


def refusal(scope: Message) -> str | None:
    """Why a request may not come in, or None."""
    hosts = _values(scope, b"host")
    if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0]):
        return f"The emulator answers to this machine's own names alone, not to '{', '.join(hosts)}'."
    if is_public(hosts[0]):
        return _refusal_in_public(scope, hosts[0])
    # One page of this machine may not speak for its user either, so another port is another site.
    if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in _values(scope, b"origin")):
        return f"The emulator answers no web pages, such as one of {_values(scope, b'origin')[0]}."
    if any(site not in ("same-origin", "none") for site in _values(scope, b"sec-fetch-site")):
        return "The emulator answers no web pages of other sites."
    if _is_administration(scope["path"]):
        return f"The twin does not serve {scope['path']}: its emulator is not administered over HTTP."
    return None


def _refusal_in_public(scope: Message, host: str) -> str | None:
    """Why a request may not come to a distribution or a sign-in."""
    if _is_visit(scope) or _is_own(scope, host):
        return None
    origins = _values(scope, b"origin")
    if sign_in_prefix(host) and scope["path"] in TOKEN_PATHS and len(origins) == 1:
        page = urlsplit(origins[0])
        if page.scheme == "http" and distribution_label(page.netloc) and page.netloc.rpartition(":")[2] == _port(host):
            return None  # the sign-in itself looks at whose distribution it is
    return f"{host} answers its own pages alone, not one of {', '.join(origins) or 'another site'}."


def _is_visit(scope: Message) -> bool:
    """Whether the browser goes there, away from the page where it is."""
    goes = _values(scope, b"sec-fetch-mode") == ["navigate"] and _values(scope, b"sec-fetch-dest") == ["document"]
    return bool(goes and scope["method"] == "GET" and not _values(scope, b"origin"))


def _is_own(scope: Message, host: str) -> bool:
    """Whether it is a page's under the same name, or no page's at all."""
    origins, sites = _values(scope, b"origin"), _values(scope, b"sec-fetch-site")
    if any(site not in ("same-origin", "none") for site in sites):
        return False
    # A page that tells nobody where it is has the origin `null`; the site says whose it is.
    known = {f"http://{host.lower()}", *(["null"] if sites == ["same-origin"] else [])}
    return all(origin.lower() in known for origin in origins)


def _port(host: str) -> str:
    return host.rpartition(":")[2]


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
