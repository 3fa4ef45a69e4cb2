"""Users of a Cognito pool in the emulator, with its managed login: each test signs in as one of its own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from twin.emulator import Emulator
from twin.emulator.account import REGION
from twin.emulator.addresses import here

PASSWORD = "Correct-horse-7"
DOMAIN, PAGE = "browser-page", "https://browser.cloudfront.net"
PAGE_HOST = "browser.cloudfront.localhost"


@dataclass(frozen=True)
class User:
    """Somebody who may sign in.

    Attributes:
        refresh_token: of a session that is already begun.
    """

    email: str
    refresh_token: str


class UserPool:
    """A pool with one public app client for the page, which has the name of a distribution."""

    def __init__(self, emulator: Emulator) -> None:
        self._client = emulator.client("cognito-idp")
        port = urlsplit(emulator.endpoint_url).port or 80
        self.page = here(PAGE, port)
        self.domain = here(f"https://{DOMAIN}.auth.{REGION}.amazoncognito.com", port)
        self._pool = self._client.create_user_pool(PoolName="browser", UsernameAttributes=["email"])["UserPool"]["Id"]
        self._client.create_user_pool_domain(Domain=DOMAIN, UserPoolId=self._pool)
        self.client_id = self._client.create_user_pool_client(
            UserPoolId=self._pool,
            ClientName="page",
            GenerateSecret=False,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email"],
            SupportedIdentityProviders=["COGNITO"],
            CallbackURLs=[f"{PAGE}/"],
            LogoutURLs=[f"{PAGE}/"],
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]

    def config(self) -> dict[str, Any]:
        """Give the page's configuration."""
        return {
            "name": "Fourfold",
            "authorization": "cognito",
            "cognito": {"domain": self.domain, "client_id": self.client_id, "token": "access"},
        }

    def somebody(self) -> User:
        """Make a user, and begin a session."""
        email = f"{uuid.uuid4().hex[:12]}@example.org"
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        self._client.admin_create_user(
            UserPoolId=self._pool, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
        self._client.admin_set_user_password(UserPoolId=self._pool, Username=email, Password=PASSWORD, Permanent=True)
        session = self._client.admin_initiate_auth(
            UserPoolId=self._pool,
            ClientId=self.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )
        return User(email, session["AuthenticationResult"]["RefreshToken"])
