"""A partner's key is found where clients put it; whether it is good is for API Gateway to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdas.authorize_partner.handler import Unauthorized, handle

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Context

METHOD = "arn:aws:execute-api:eu-west-1:123456789012:abcdef/live/POST/partners/v1/chat/completions"
KEY = "k" * 40


def authorize(context: Context, **headers: str) -> dict[str, Any]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return handle({"type": "REQUEST", "methodArn": METHOD, "headers": given}, context)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"X_Api_Key": KEY},
        {"x_api_key": KEY, "Authorization": "Basic dTpw"},
    ],
)
def test_the_key_is_handed_to_api_gateway_for_this_method_alone(context: Context, headers: dict[str, str]) -> None:
    answer = authorize(context, **headers)
    assert answer["usageIdentifierKey"] == KEY
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement == {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": METHOD}


def test_of_two_keys_that_of_openais_clients_counts(context: Context) -> None:
    assert authorize(context, Authorization=f"Bearer {KEY}", x_api_key="other")["usageIdentifierKey"] == KEY


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer "}, {"Authorization": KEY}, {"x_api_key": "  "}, {"x_api_key": "k" * 129}]
)
def test_a_request_without_a_key_is_unauthorized_in_the_word_that_api_gateway_knows(
    context: Context, headers: dict[str, str]
) -> None:
    with pytest.raises(Unauthorized) as refused:
        authorize(context, **headers)
    assert str(refused.value) == "Unauthorized"


@pytest.mark.parametrize("headers", [None, "none", []])
def test_an_event_without_headers_is_unauthorized_too(context: Context, headers: object) -> None:
    with pytest.raises(Unauthorized):
        handle({"methodArn": METHOD, "headers": headers}, context)
