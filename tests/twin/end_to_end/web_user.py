"""Somebody who signs in at the deployed page and asks its API, with nothing but HTTP."""

from __future__ import annotations

import base64
import hashlib
import html
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from twin.emulator import Emulator
from twin.run.page import Page, make_user

VERIFIER = "a-verifier-that-is-long-enough-for-anyone-who-reads-it"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TIMEOUT_S = 240
"""The first one who asks a model waits for it to be loaded."""


@dataclass(frozen=True)
class Answer:
    """An answer, whatever its status."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def document(self) -> Any:
        """Give the JSON of the body."""
        return json.loads(self.content)


@contextmanager
def opened(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Iterator[http.client.HTTPResponse]:
    """Send a request and give the response, unread. A host under `localhost` is asked for by this machine's address."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=TIMEOUT_S)
    try:
        target = parts._replace(scheme="", netloc="").geturl()
        connection.request(method, target, body, {"Host": parts.netloc, **headers})
        yield connection.getresponse()
    finally:
        connection.close()


def sent(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    """Send a request and read its answer."""
    with opened(method, url, headers, body) as response:
        return Answer(response.status, response.headers, response.read())


@dataclass(frozen=True)
class WebUser:
    """Somebody with a token, at the page."""

    root: str
    token: str

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Ask the API on the page's own origin."""
        return sent(method, f"{self.root}/{path}", self._headers(), encoded(body))

    def events(self, path: str, body: object) -> Iterator[bytes]:
        """Give the lines of a stream as they come."""
        with opened("POST", f"{self.root}/{path}", self._headers(), encoded(body)) as response:
            assert response.status == 200, response.read()
            yield from response

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


def encoded(body: object) -> bytes | None:
    """Give a body as it is sent."""
    return None if body is None else json.dumps(body).encode()


def configuration_of(page: Page) -> Any:
    """Give what the page is told of its deployment."""
    return sent("GET", f"{page.url}config.json", {}).document


def signed_in(emulator: Emulator, page: Page, email: str) -> WebUser:
    """Make a user, and take the way of the page: the sign-in's form, its code, and the token for that."""
    assert page.user_pool_id is not None
    password = make_user(emulator, page.user_pool_id, email)
    assert password is not None
    configuration = configuration_of(page)
    cognito = configuration["cognito"]
    client = {"client_id": cognito["client_id"], "redirect_uri": page.url}
    asked = {**client, "response_type": "code", "scope": cognito["scope"], "state": "mine"}
    asked |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    domain = cognito["domain"]
    form = sent("GET", f"{domain}/oauth2/authorize?{urlencode(asked)}", {"Sec-Fetch-Mode": "navigate"})
    assert form.status == 200, form.content
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.content.decode())
    filled = {name: html.unescape(value) for name, value in hidden} | {"username": email, "password": password}
    back = sent("POST", f"{domain}/login", FORM, urlencode(filled).encode())
    assert back.status == 302, back.content
    assert back.headers["location"].startswith(page.url)
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    redeemed = {**client, "grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    tokens = sent("POST", f"{domain}/oauth2/token", FORM, urlencode(redeemed).encode())
    assert tokens.status == 200, tokens.content
    root = f"{page.url.rstrip('/')}{configuration['api']}"
    return WebUser(root, tokens.document[f"{cognito['token']}_token"])
