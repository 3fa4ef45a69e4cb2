"""Errors that API Gateway answers by itself, as problem documents (RFC 9457) like those of the function behind it.

OpenAI's clients read nothing but `error`, so it says the same once more: a wrong key is the first error that they meet.
A template of such a response has no status to fill in, so each type has a document of its own, with its status fixed.
What API Gateway says itself of a client's mistake, which may name the caller or what was to be signed, is `reason`.
"""

from __future__ import annotations

import json

from aws_cdk import aws_apigateway as apigateway

from cdk_app.constructs.gateway_refusals import Refusal, refusals
from cdk_app.settings import Gateway

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_REASON, _INSTANCE = "$context.error.messageString", "$context.requestId"
# Of the two types that stand for every other one, whose status is not known.
_CLIENT, _SERVER = "Client Error", "Server Error"


def answer_with_problems(api: apigateway.RestApi, settings: Gateway) -> None:
    """Give every error of an API's own the form of a problem document; one of a type to come lacks its status."""
    for construct_id, refusal in refusals(settings).items():
        headers = {"Content-Type": f"'{_PROBLEM}'"}
        if refusal.retry_after is not None:
            headers["Retry-After"] = f"'{refusal.retry_after}'"
        api.add_gateway_response(
            construct_id,
            type=refusal.type,
            status_code=None if refusal.status is None else str(refusal.status.value),
            response_headers=headers,
            templates={_JSON: _document(refusal)},
        )


def _document(refusal: Refusal) -> str:
    """The template of a problem document."""
    server = refusal.error == "server_error"
    title = refusal.status.phrase if refusal.status else _SERVER if server else _CLIENT
    document: dict[str, object] = {"type": "about:blank", "title": title}
    if refusal.status is not None:
        document["status"] = refusal.status.value
    document |= {"detail": refusal.detail, "instance": f"urn:request:{_INSTANCE}"}
    if refusal.retry_after is not None:
        document["retry_after"] = refusal.retry_after
    if not server:
        document["reason"] = _REASON
    code = title.lower().replace(" ", "_")
    document["error"] = {"message": refusal.detail, "type": refusal.error, "code": code, "param": None}
    # The variable comes with quotation marks of its own.
    return json.dumps(document).replace(f'"{_REASON}"', _REASON)
