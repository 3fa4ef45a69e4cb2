"""User pools as REST APIs' authorizers: which tokens they take."""

from __future__ import annotations

import json
from typing import Any

from ministack.services import apigateway_v1, cognito

from twin.emulator.hooks.services import Json
from twin.emulator.passwords import fitting_password


def judge_tokens_as_api_gateway() -> None:
    """Take the identity tokens of a user pool, or its access tokens where the method has scopes.

    The emulator checks signature, times, issuer and scopes. Here it also looks at what a token is for
    (`token_use`), at that it was issued to a client that the pool has, and that it says when it expires; and it
    reads the pool's keys where they are, not over HTTP from an address that a browser could be sent to.
    """
    validate, fetch = apigateway_v1._validate_cognito_authorizer, apigateway_v1._fetch_jwks

    async def validate_use(authorizer: Json, method: Json, headers: Any, query: Any, stage: Any) -> Any:
        claims, error = await validate(authorizer, method, headers, query, stage)
        if error is None and not _fits(claims, bool(method.get("authorizationScopes"))):
            return None, apigateway_v1._gw_error("UNAUTHORIZED", "Unauthorized")
        return claims, error

    async def keys_of(url: str) -> Json:
        pool_id = url.removesuffix("/.well-known/jwks.json").rpartition("/")[2]
        if cognito._get_pool_unscoped(pool_id) is None:
            keys: Json = await fetch(url)
            return keys
        found: Json = json.loads(cognito.well_known_jwks(pool_id)[2])
        return found

    apigateway_v1._validate_cognito_authorizer = validate_use
    apigateway_v1._fetch_jwks = keys_of


def make_up_fitting_passwords() -> None:
    """Give users who are created without a password one that fits the pool's policy; the emulator's may not."""
    create = cognito._admin_create_user

    def create_with_password(data: Json) -> Any:
        made_up = {} if data.get("TemporaryPassword") else {"TemporaryPassword": fitting_password()}
        return create({**data, **made_up})

    cognito._admin_create_user = create_with_password


def _fits(claims: Json, with_scopes: bool) -> bool:
    pool = cognito._get_pool_unscoped(str(claims.get("iss", "")).rpartition("/")[2])
    client = claims.get("client_id") if with_scopes else claims.get("aud")
    known = pool is not None and isinstance(client, str) and client in pool["_clients"]
    return known and "exp" in claims and claims.get("token_use") == ("access" if with_scopes else "id")
