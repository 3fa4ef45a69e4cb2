"""Cognito's sign-in pages and token endpoint, under the name of a user pool's domain."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ministack import app
from ministack.core import responses
from ministack.services import cognito

from twin.emulator.account import ACCOUNT_ID, REGION
from twin.emulator.addresses import here, sign_in_prefix, there
from twin.emulator.border import TOKEN_PATHS
from twin.emulator.hooks.services import Json, RawResponse
from twin.emulator.hooks.sign_in_pages import asking_for_email

# Taken before anything else replaces them: `serve_only` serves them under these names alone.
_of_gets, _of_bodies = app._handle_cognito_get_request, app._handle_cognito_body_request
# Where a sign-in returns to, in requests; the pools know them by AWS's names.
_RETURNS = ("redirect_uri", "logout_uri")
_KEYS = "/.well-known/jwks.json"
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


async def answer_sign_in(
    host: str, path: str, method: str, headers: Json, body: bytes, query: dict[str, list[str]]
) -> RawResponse:
    """What the domain of a user pool answers: pages to sign in and out, tokens, and who a token's user is.

    A page may ask for tokens from where it is if the pool's clients may return there.
    """
    responses.set_request_account_id(ACCOUNT_ID)
    responses.set_request_region(REGION)
    prefix = sign_in_prefix(host)
    pool_id = next((found for found, pool in cognito._user_pools.items() if pool.get("Domain") == prefix), None)
    if pool_id is None:
        return _plain(404, f"There is no sign-in {host}.")
    allowed = _allowed_origin(pool_id, headers)
    if headers.get("origin") and path in TOKEN_PATHS and not allowed and not _is_own(host, headers):
        return _plain(403, "No client of the user pool returns to this origin.")
    form = _parsed(body) if headers.get("content-type", "").startswith("application/x-www-form-urlencoded") else {}
    client_id = _first(query, "client_id") or _first(form, "client_id")
    if client_id and client_id not in cognito._user_pools[pool_id]["_clients"]:
        return _plain(400, "The user pool of this domain has no such client.")
    answer = await _answer(path, method, headers, _with_aws_names(form), body, _with_aws_names(query))
    if answer is None:
        return _plain(404, f"The twin's sign-in does not serve {method} {path}.")
    return _with_names_here(asking_for_email(answer, cognito._user_pools[pool_id]), allowed)


def keys_of(path: str) -> RawResponse | None:
    """The public keys of a user pool, or its discovery document's; None for another path."""
    pool_id = path.removesuffix(_KEYS).removeprefix("/")
    if not path.endswith(_KEYS) or cognito._get_pool_unscoped(pool_id) is None:
        return None
    found: RawResponse = cognito.well_known_jwks(pool_id)
    return found


async def _answer(path: str, method: str, headers: Json, form: Json, body: bytes, query: Json) -> RawResponse | None:
    if method == "OPTIONS" and path in TOKEN_PATHS:
        return 204, {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "*"}, b""
    if method == "GET":
        # Managed login shows its page at /login, where /oauth2/authorize sends the browser.
        given = "/oauth2/authorize" if path == "/login" else path
        shown: RawResponse | None = await _of_gets(method, given, headers, query)
        return shown
    if path == "/oauth2/revoke" and method == "POST":
        return _revoked(form)
    content = urlencode(form, doseq=True).encode() if form else body
    posted: RawResponse | None = await _of_bodies(method, path, headers, content, query)
    return posted


def _revoked(form: Json) -> RawResponse:
    answer = cognito._revoke_token({"Token": _first(form, "token"), "ClientId": _first(form, "client_id")})
    if answer[0] >= 400:
        return 400, {"Content-Type": "application/json"}, json.dumps({"error": "invalid_request"}).encode()
    return 200, {}, b""


def _with_names_here(answer: RawResponse, allowed: str | None) -> RawResponse:
    status, headers, body = answer
    headers = dict(headers)
    if "Location" in headers:
        headers["Location"] = here(headers["Location"], int(os.environ["GATEWAY_PORT"]))
    if str(headers.get("Content-Type", "")).startswith("text/html"):
        headers |= {"Content-Security-Policy": _PAGE_POLICY, "Referrer-Policy": "same-origin"}
    headers["Cache-Control"] = "no-store"
    if allowed:
        headers |= {"Access-Control-Allow-Origin": allowed, "Vary": "Origin"}
    return status, headers, body


def _allowed_origin(pool_id: str, headers: Json) -> str | None:
    """The origin of a page that asks, if one of the pool's clients may return to it."""
    origin = headers.get("origin")
    if not origin:
        return None
    port = int(os.environ["GATEWAY_PORT"])
    returns = (url for client in cognito._user_pools[pool_id]["_clients"].values() for url in client["CallbackURLs"])
    known = {f"{found.scheme}://{found.netloc}" for url in returns if (found := urlsplit(here(url, port)))}
    return origin if origin in known else None


def _is_own(host: str, headers: Json) -> bool:
    return bool(headers.get("origin", "").lower() == f"http://{host.lower()}")


def _with_aws_names(given: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: [there(value) for value in values] if name in _RETURNS else values for name, values in given.items()}


def _parsed(body: bytes) -> dict[str, list[str]]:
    return parse_qs(body.decode(errors="replace"), keep_blank_values=True)


def _first(given: Any, name: str) -> str:
    return str((given.get(name) or [""])[0])


def _plain(status: int, text: str) -> RawResponse:
    return status, {"Content-Type": "text/plain"}, f"{text}\n".encode()
