"""Find the API key of a partner's request, for API Gateway to judge by its usage plan.

A Lambda authorizer of type REQUEST. It allows every request that brings a key, and hands the key on: API Gateway then
refuses one that it does not know, or whose plan is used up. It knows no key itself.

Event: a REQUEST authorizer's event. Result: ``{"principalId", "policyDocument", "usageIdentifierKey"}``.
Errors: Unauthorized, which API Gateway answers with 401.
Environment: none. IAM: none.
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdas.shared.function import Context, Event

SCHEME = "bearer"
HEADER = "x-api-key"
# API Gateway's own keys have 20 to 128 characters.
LONGEST_KEY = 128


class Unauthorized(Exception):
    """The request brings no key; API Gateway knows this very text."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001 - Lambda gives it
    """Allow the request with the key that it brings.

    Raises:
        Unauthorized: it brings none.
    """
    found = event.get("headers")
    headers = {str(name).lower(): str(value) for name, value in found.items()} if isinstance(found, Mapping) else {}
    key = _key(headers)
    if not key:
        raise Unauthorized
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    return {
        "principalId": "partner",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "usageIdentifierKey": key,
    }


def _key(headers: Mapping[str, str]) -> str:
    """Give the key of either header; that of OpenAI's clients comes first."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    key = credentials if scheme.lower() == SCHEME else headers.get(HEADER, "")
    key = key.strip()
    return key if len(key) <= LONGEST_KEY else ""
