"""What API Gateway refuses or fails at by itself: every type of such a response, its status, and what to do about it.

The function behind the API never sees these requests, so the API's own words are all that a caller gets. Types and
statuses are those of
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway

from cdk_app.settings import Gateway

_TYPES = apigateway.ResponseType
_LOGGED = "The API's log has the cause under the id in 'instance'."


class Refusal(NamedTuple):
    """One type of response.

    Attributes:
        status: as API Gateway gives it; None for the two types that stand for every other one, whose it does not tell.
        detail: what is wrong, and what to do.
        error: the type of error in the words of OpenAI's API.
        retry_after: seconds after which to ask again, where they are known.
    """

    type: apigateway.ResponseType
    status: HTTPStatus | None
    detail: str
    error: str = "invalid_request_error"
    retry_after: int | None = None


def refusals(settings: Gateway) -> dict[str, Refusal]:
    """Every type, by a name for its construct, in words that name the roots of this API and no other."""
    return {
        "AccessDenied": Refusal(
            _TYPES.ACCESS_DENIED,
            HTTPStatus.FORBIDDEN,
            "Whoever sends this is known, and may not call this route; 'reason' says who. A role or user needs the "
            "action execute-api:Invoke on it.",
            "permission_error",
        ),
        "BadBody": Refusal(
            _TYPES.BAD_REQUEST_BODY, HTTPStatus.BAD_REQUEST, "The body is not what this route takes: see 'reason'."
        ),
        "BadParameters": Refusal(
            _TYPES.BAD_REQUEST_PARAMETERS,
            HTTPStatus.BAD_REQUEST,
            "Headers or parameters are not what this route takes: see 'reason'.",
        ),
        "ApiConfigurationError": _fault(_TYPES.API_CONFIGURATION_ERROR, "The API is not set up as it should be."),
        "AuthorizerConfigurationError": _fault(
            _TYPES.AUTHORIZER_CONFIGURATION_ERROR, "What establishes who asks cannot be reached."
        ),
        "AuthorizerFailure": _fault(_TYPES.AUTHORIZER_FAILURE, "What establishes who asks has failed."),
        "ExpiredToken": Refusal(
            _TYPES.EXPIRED_TOKEN,
            HTTPStatus.FORBIDDEN,
            "The session token that this was signed with has expired. Get new credentials, and sign again.",
            "permission_error",
        ),
        "IntegrationFailure": _fault(
            _TYPES.INTEGRATION_FAILURE, "The gateway did not answer. Ask again.", HTTPStatus.GATEWAY_TIMEOUT
        ),
        "IntegrationTimeout": _fault(
            _TYPES.INTEGRATION_TIMEOUT,
            f"The gateway did not begin to answer within {settings.timeout_seconds} seconds. Ask for less, or for a "
            "stream.",
            HTTPStatus.GATEWAY_TIMEOUT,
        ),
        "InvalidApiKey": Refusal(
            _TYPES.INVALID_API_KEY,
            HTTPStatus.FORBIDDEN,
            "This API key is not known, or no longer. Send it whole, as 'Authorization: Bearer <key>' or as "
            "'x-api-key', or ask whoever runs this API for another.",
            "permission_error",
        ),
        "InvalidSignature": Refusal(
            _TYPES.INVALID_SIGNATURE,
            HTTPStatus.FORBIDDEN,
            "The signature is not that of this request. Sign method, path with the stage, query, headers and body as "
            "they are sent, for the service execute-api in the API's region, by a clock that is right, with the "
            "secret key that belongs to the access key.",
            "permission_error",
        ),
        "MissingAuthenticationToken": Refusal(
            _TYPES.MISSING_AUTHENTICATION_TOKEN,
            HTTPStatus.FORBIDDEN,
            "Either nothing says who sends this, or the API has no such path: its paths begin with the stage, and "
            f"openapi.json has all of them. {_who(settings)}",
            "permission_error",
        ),
        "QuotaExceeded": Refusal(
            _TYPES.QUOTA_EXCEEDED,
            HTTPStatus.TOO_MANY_REQUESTS,
            f"{_quota(settings)} Ask again tomorrow, or ask whoever runs this API for more.",
            "rate_limit_error",
        ),
        "RequestTooLarge": Refusal(
            _TYPES.REQUEST_TOO_LARGE,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The request is larger than API Gateway lets through, which is 10 MB, or than the 6 MB that a function "
            "takes. Send less at once; openapi.json has the bounds of each field.",
        ),
        "ResourceNotFound": Refusal(
            _TYPES.RESOURCE_NOT_FOUND,
            HTTPStatus.NOT_FOUND,
            "The API has no such path: its paths begin with the stage, and openapi.json has all of them.",
            "not_found_error",
        ),
        "Throttled": Refusal(
            _TYPES.THROTTLED,
            HTTPStatus.TOO_MANY_REQUESTS,
            f"More requests come at once than are let through: {_rates(settings)}. Ask again in a second, with fewer "
            "at a time.",
            "rate_limit_error",
            # An empty bucket has room again within one.
            retry_after=1,
        ),
        "Unauthorized": Refusal(
            _TYPES.UNAUTHORIZED,
            HTTPStatus.UNAUTHORIZED,
            f"Nothing that is valid now says who sends this. {_who(settings)}",
            "authentication_error",
        ),
        "UnsupportedMediaType": Refusal(
            _TYPES.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."
        ),
        "WafFiltered": Refusal(
            _TYPES.WAF_FILTERED,
            HTTPStatus.FORBIDDEN,
            "The firewall in front of this API has blocked the request: by what is in it, or because too many came "
            "from this address in five minutes.",
            "permission_error",
        ),
        "ClientError": Refusal(
            _TYPES.DEFAULT_4_XX,
            None,
            "API Gateway cannot take this request, and says why in 'reason': credentials that it does not know, or "
            f"that belong elsewhere, are the most frequent. {_who(settings)}",
        ),
        "ServerError": Refusal(
            _TYPES.DEFAULT_5_XX, None, f"API Gateway has failed. Ask again. {_LOGGED}", "server_error"
        ),
    }


def _fault(
    kind: apigateway.ResponseType, detail: str, status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR
) -> Refusal:
    return Refusal(kind, status, f"{detail} {_LOGGED}", "server_error")


def _who(settings: Gateway) -> str:
    """How each kind of caller shows who they are, under which root."""
    ways = []
    if settings.authorization == "iam":
        ways.append("sign what goes to /v1 (AWS Signature Version 4, service execute-api)")
    if settings.page:
        ways.append("send a user's access token as 'Authorization: Bearer <token>' to /api/v1")
    if settings.partners:
        ways.append("send an API key as 'Authorization: Bearer <key>' or 'x-api-key' to /partners/v1")
    told = "; ".join(ways)
    return f"{told[:1].upper()}{told[1:]}." if told else "Ask under /v1, which is open."


def _rates(settings: Gateway) -> str:
    everyone = f"{settings.rate_limit:,} a second of all callers together"
    partners = settings.partners
    return f"{everyone}, and {partners.rate_limit:,} of one API key" if partners else everyone


def _quota(settings: Gateway) -> str:
    partners = settings.partners
    most = f"The {partners.requests_per_day:,} requests" if partners else "The requests"
    return f"{most} that this API key has in a day are used up."
