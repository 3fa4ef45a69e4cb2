"""Errors that API Gateway answers by itself, as problem documents (RFC 9457) like those of the function behind it.

A template of such a response has no status to fill in, so each kind has a document of its own, with its status fixed.
"""

from __future__ import annotations

from http import HTTPStatus

from aws_cdk import aws_apigateway as apigateway

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_KINDS = apigateway.ResponseType
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
STATUSES = {
    "AccessDenied": (_KINDS.ACCESS_DENIED, HTTPStatus.FORBIDDEN),
    "BadBody": (_KINDS.BAD_REQUEST_BODY, HTTPStatus.BAD_REQUEST),
    "BadParameters": (_KINDS.BAD_REQUEST_PARAMETERS, HTTPStatus.BAD_REQUEST),
    "ApiConfigurationError": (_KINDS.API_CONFIGURATION_ERROR, HTTPStatus.INTERNAL_SERVER_ERROR),
    "AuthorizerConfigurationError": (_KINDS.AUTHORIZER_CONFIGURATION_ERROR, HTTPStatus.INTERNAL_SERVER_ERROR),
    "AuthorizerFailure": (_KINDS.AUTHORIZER_FAILURE, HTTPStatus.INTERNAL_SERVER_ERROR),
    "ExpiredToken": (_KINDS.EXPIRED_TOKEN, HTTPStatus.FORBIDDEN),
    "IntegrationFailure": (_KINDS.INTEGRATION_FAILURE, HTTPStatus.GATEWAY_TIMEOUT),
    "IntegrationTimeout": (_KINDS.INTEGRATION_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT),
    "InvalidApiKey": (_KINDS.INVALID_API_KEY, HTTPStatus.FORBIDDEN),
    "InvalidSignature": (_KINDS.INVALID_SIGNATURE, HTTPStatus.FORBIDDEN),
    "MissingAuthenticationToken": (_KINDS.MISSING_AUTHENTICATION_TOKEN, HTTPStatus.FORBIDDEN),
    "QuotaExceeded": (_KINDS.QUOTA_EXCEEDED, HTTPStatus.TOO_MANY_REQUESTS),
    "RequestTooLarge": (_KINDS.REQUEST_TOO_LARGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    "ResourceNotFound": (_KINDS.RESOURCE_NOT_FOUND, HTTPStatus.NOT_FOUND),
    "Throttled": (_KINDS.THROTTLED, HTTPStatus.TOO_MANY_REQUESTS),
    "Unauthorized": (_KINDS.UNAUTHORIZED, HTTPStatus.UNAUTHORIZED),
    "UnsupportedMediaType": (_KINDS.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    "WafFiltered": (_KINDS.WAF_FILTERED, HTTPStatus.FORBIDDEN),
}
"""The kinds that API Gateway has, with the statuses that it gives them."""
_OTHERS = {"ClientError": _KINDS.DEFAULT_4_XX, "ServerError": _KINDS.DEFAULT_5_XX}


def answer_with_problems(api: apigateway.RestApi) -> None:
    """Give every error of an API's own the form of a problem document; one of a kind to come lacks its status."""
    for construct_id, (kind, status) in STATUSES.items():
        _add(api, construct_id, kind, f'"title": "{status.phrase}", "status": {status.value}', str(status.value))
    for construct_id, kind in _OTHERS.items():
        _add(api, construct_id, kind, '"title": "$context.error.responseType"')


def _add(
    api: apigateway.RestApi, construct_id: str, kind: apigateway.ResponseType, named: str, status: str | None = None
) -> None:
    # `messageString` comes with its quotation marks.
    document = (
        f'{{"type": "about:blank", {named}, "detail": $context.error.messageString, '
        '"instance": "urn:request:$context.requestId"}'
    )
    api.add_gateway_response(
        construct_id,
        type=kind,
        status_code=status,
        response_headers={"Content-Type": f"'{_PROBLEM}'"},
        templates={_JSON: document},
    )
