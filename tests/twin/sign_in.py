"""A user pool's sign-in as a page goes through it: a code for the browser, tokens for the code."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.twin.helpers import Json, unique
from tests.twin.stack import Stack
from twin.emulator import Emulator

PASSWORD = "Correct-horse-battery-7"
VERIFIER = "a-verifier-that-is-long-enough-for-anyone-who-reads-it"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
# Where the sign-in may return to, as a template has it, and as it is here.
RETURN = "https://d111111abcdef8.cloudfront.net/"
CLIENT: Json = {
    "GenerateSecret": False,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthScopes": ["openid", "email"],
    "CallbackURLs": [RETURN],
    "LogoutURLs": [RETURN],
    "SupportedIdentityProviders": ["COGNITO"],
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
}
"""A public client, as a page has it."""


class SignIn:
    """The sign-in of a user pool, with a public client and a user of it."""

    def __init__(self, emulator: Emulator, prefix: str, pool: str, client: str, user: str) -> None:
        self.emulator, self.pool, self.client, self.user = emulator, pool, client, user
        self.host = f"{prefix}.auth.us-east-1.amazoncognito.localhost:{emulator.port}"
        self.returns_to = f"http://d111111abcdef8.cloudfront.localhost:{emulator.port}/"

    def tokens(self) -> Json:
        """What the user gets for signing in."""
        return self.redeem(self.code())[2]

    def ask(self, method: str, path: str, form: Json | None = None, **headers: str) -> tuple[int, Any, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=30)
        given = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        body = urlencode(form) if form else None
        if form:
            given["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    def login_page(self, **changes: str) -> tuple[int, str]:
        asked = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.returns_to,
            "scope": "openid email",
            "state": "as-it-was",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        status, _, text = self.ask("GET", f"/oauth2/authorize?{urlencode(asked)}", Sec_Fetch_Mode="navigate")
        return status, text

    def submit(self, page: str, **fields: str) -> tuple[int, Any, str]:
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        return self.ask("POST", "/login", {**{k: unescape(v) for k, v in hidden.items()}, **fields})

    def code(self) -> str:
        _, headers, _ = self.submit(self.login_page()[1], username=self.user, password=PASSWORD)
        return str(parse_qs(urlsplit(headers["location"]).query)["code"][0])

    def redeem(self, code: str, verifier: str = VERIFIER, **headers: str) -> tuple[int, Any, Json]:
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client,
            "code": code,
            "redirect_uri": self.returns_to,
            "code_verifier": verifier,
        }
        status, answered, text = self.ask("POST", "/oauth2/token", form, **headers)
        return status, answered, json.loads(text) if text.startswith("{") else {"text": text}


def new_sign_in(emulator: Emulator, permanent: bool = True) -> SignIn:
    """The sign-in of a new user pool, and a user who has a password for good or a first one."""
    stack, prefix, user = Stack(emulator), unique("chat"), unique("user")
    created = stack.create(
        Pool={"Type": "AWS::Cognito::UserPool", "Properties": {}},
        Client={"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": {"Ref": "Pool"}, **CLIENT}},
        Domain={
            "Type": "AWS::Cognito::UserPoolDomain",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "Domain": prefix, "ManagedLoginVersion": 2},
        },
    )
    assert created["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    pool = stack.reference("Pool")
    add_user(emulator, pool, user, permanent)
    return SignIn(emulator, prefix, pool, stack.reference("Client"), user)


def add_user(emulator: Emulator, pool: str, user: str, permanent: bool = True) -> None:
    """A user of a pool, with `PASSWORD`."""
    client = emulator.client("cognito-idp")
    client.admin_create_user(UserPoolId=pool, Username=user, MessageAction="SUPPRESS", TemporaryPassword=PASSWORD)
    if permanent:
        client.admin_set_user_password(UserPoolId=pool, Username=user, Password=PASSWORD, Permanent=True)
