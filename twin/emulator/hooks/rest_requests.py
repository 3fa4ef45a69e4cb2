"""What a REST API tells its functions about a request, and how large one may be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import responses
from ministack.services import apigateway_v1

from twin.emulator.hooks.rest_apis import tester
from twin.emulator.hooks.services import Json

_API_LIMIT = 10 * 1024 * 1024
_FUNCTION_LIMIT = 6 * 1024 * 1024
_FORWARDED = "x-forwarded-for"
_TOO_LARGE = "REQUEST_TOO_LARGE"


def describe_requests_as_api_gateway() -> None:
    """Complete the events of functions: by whom a request was sent, under which names, and what it came through.

    The emulator takes the client's address out of a header that any client may send. A body of more than 10 MB, or
    an event of more than 6 MB, which is Lambda's limit, gets 413.
    """
    build, execute = apigateway_v1._build_lambda_event_v1, apigateway_v1._execute_in_scope
    invoke = apigateway_v1._invoke_lambda_proxy_v1

    def completed(api_id: str, stage_name: str, *args: Any, **kwargs: Any) -> Json:
        event: Json = build(api_id, stage_name, *args, **kwargs)
        _complete(event, api_id)
        return event

    async def execute_within_limit(request: Json, *args: Any) -> Any:
        body = args[5]
        if len(body or b"") > _API_LIMIT:
            request["stage"] = apigateway_v1._stages_v1.get(args[0], {}).get(args[1]) or {}
            return apigateway_v1._gw_error(_TOO_LARGE, "Request Entity Too Large")
        return await execute(request, *args)

    async def invoke_within_limit(integration: Json, *args: Any, **kwargs: Any) -> Any:
        body = args[7] or b""
        # As JSON a body is at least as long as it is now, so only what comes near is measured.
        if len(body) > _FUNCTION_LIMIT // 2 and len(json.dumps(body.decode(errors="replace"))) > _FUNCTION_LIMIT:
            return apigateway_v1._gw_error(_TOO_LARGE, "Request Too Long")
        return await invoke(integration, *args, **kwargs)

    apigateway_v1._build_lambda_event_v1 = completed
    apigateway_v1._execute_in_scope = execute_within_limit
    apigateway_v1._invoke_lambda_proxy_v1 = invoke_within_limit


def _complete(event: Json, api_id: str) -> None:
    address = responses.get_request_client_ip()
    context = event["requestContext"]
    context["identity"] = {**dict.fromkeys(_IDENTITY), **context["identity"], "sourceIp": address, **(tester() or {})}
    context["domainName"] = f"{api_id}.execute-api.{responses.get_region()}.amazonaws.com"
    context["domainPrefix"] = api_id
    headers = event["headers"]
    _add(event, "X-Forwarded-For", ", ".join(filter(None, [_named(headers, _FORWARDED), address])))
    _add(event, "X-Forwarded-Proto", "https")
    _add(event, "X-Forwarded-Port", "443")


# What the identity of every request has, empty where it does not apply.
_IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)


def _named(headers: Mapping[str, str], name: str) -> str:
    return next((value for given, value in headers.items() if given.lower() == name), "")


def _add(event: Json, name: str, value: str) -> None:
    for headers, given in ((event["headers"], value), (event["multiValueHeaders"], [value])):
        for before in [known for known in headers if known.lower() == name.lower()]:
            del headers[before]
        headers[name] = given
