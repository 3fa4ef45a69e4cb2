"""Errors that API Gateway answers by itself, as problem documents (RFC 9457) like those of the function behind it.

OpenAI's clients read nothing but `error`, so it says the same once more: a wrong key is the first error that they meet.
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
_OTHERS = {
    "ClientError": (_KINDS.DEFAULT_4_XX, "invalid_request_error"),
    "ServerError": (_KINDS.DEFAULT_5_XX, "server_error"),
}
# As the function behind the API tells them, of the statuses that have a type of their own.
_ERROR_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
RETRY_AFTER = {"Throttled": 1}
"""Seconds after which to ask again: an empty bucket has room within one. Of a quota it is not known here."""


def answer_with_problems(api: apigateway.RestApi) -> None:
    """Give every error of an API's own the form of a problem document; one of a kind to come lacks its status."""
    for construct_id, (kind, status) in STATUSES.items():
        server = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        error = "server_error" if server else _ERROR_TYPES.get(status, "invalid_request_error")
        code = status.phrase.lower().replace(" ", "_")
        _add(api, construct_id, kind, _document(f'"title": "{status.phrase}", "status": {status.value}', error, code))
    for construct_id, (kind, error) in _OTHERS.items():
        code = "$context.error.responseType"
        _add(api, construct_id, kind, _document(f'"title": "{code}"', error, code))


def _document(named: str, error: str, code: str) -> str:
    """The template of a problem document; `messageString` comes with its quotation marks."""
    return (
        f'{{"type": "about:blank", {named}, "detail": $context.error.messageString, '
        '"instance": "urn:request:$context.requestId", '
        f'"error": {{"message": $context.error.messageString, "type": "{error}", "code": "{code}", "param": null}}}}'
    )


def _add(api: apigateway.RestApi, construct_id: str, kind: apigateway.ResponseType, document: str) -> None:
    status = STATUSES[construct_id][1] if construct_id in STATUSES else None
    headers = {"Content-Type": f"'{_PROBLEM}'"}
    if construct_id in RETRY_AFTER:
        headers["Retry-After"] = f"'{RETRY_AFTER[construct_id]}'"
    api.add_gateway_response(
        construct_id,
        type=kind,
        status_code=None if status is None else str(status.value),
        response_headers=headers,
        templates={_JSON: document},
    )
