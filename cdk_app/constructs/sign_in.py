"""Where the page's users sign in: Cognito's managed login, for a public client that proves itself by PKCE."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from constructs import Construct

_TOKEN_LIFE = cdk.Duration.hours(1)
_SESSION = cdk.Duration.hours(12)


class SignIn(Construct):
    """The domain of the managed login; `address` is its origin, known before anything is deployed."""

    address: str
    scopes = "openid email"

    def __init__(self, scope: Construct, construct_id: str, *, users: cognito.UserPool, name: str) -> None:
        super().__init__(scope, construct_id)
        self._users = users
        # Domains of all accounts share one name space.
        prefix = f"{name}-{cdk.Aws.ACCOUNT_ID}"
        self._domain = cognito.UserPoolDomain(
            self,
            "Domain",
            user_pool=users,
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=prefix),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        self.address = f"https://{prefix}.auth.{cdk.Aws.REGION}.amazoncognito.com"

    def add_client(self, page: str) -> cognito.UserPoolClient:
        """The page's client, which has no secret: it comes back to `page` with a code, which is worth nothing alone."""
        client = cognito.UserPoolClient(
            self,
            "Client",
            user_pool=self._users,
            generate_secret=False,
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
                callback_urls=[page],
                logout_urls=[page],
            ),
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=_TOKEN_LIFE,
            id_token_validity=_TOKEN_LIFE,
            refresh_token_validity=_SESSION,
        )
        # The managed login shows nothing to a client without a style.
        branding = cognito.CfnManagedLoginBranding(
            self,
            "Style",
            user_pool_id=self._users.user_pool_id,
            client_id=client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
        branding.node.add_dependency(self._domain)
        return client
