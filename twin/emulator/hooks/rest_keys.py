"""API keys of REST APIs: where a request's key comes from, and that the function is told which one it was."""

from __future__ import annotations

import contextvars
from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

from twin.emulator.hooks.services import Json

# Between what the authorizer answered and where the emulator looks for a key; no context of a function has it.
_SMUGGLED = "\0usageIdentifierKey"
_from_authorizer: contextvars.ContextVar[str | None] = contextvars.ContextVar("from_authorizer", default=None)
_by_authorizer: contextvars.ContextVar[bool] = contextvars.ContextVar("by_authorizer", default=False)
_key: contextvars.ContextVar[Json | None] = contextvars.ContextVar("key", default=None)


def take_api_keys_from_authorizers() -> None:
    """Let a Lambda authorizer name the API key (`usageIdentifierKey`), where the API's key source is AUTHORIZER.

    The emulator takes the key out of the header `x-api-key` whatever the source is. The key's id and value are in
    the request's context, as on AWS, throttles of a usage plan for one method count in stacks too, and a key that
    was disabled opens nothing.
    """
    _remember_what_authorizers_say()
    _choose_the_source()
    _tell_the_function()
    _map_throttles_of_methods()
    _disable_keys()
    _keep_the_source_of_stacks()


def _remember_what_authorizers_say() -> None:
    """Carry the key through the emulator's cache of authorizers' answers, which keeps policy and context alone."""
    invoke, authorize = apigateway_v1._invoke_authorizer_lambda, apigateway_v1._authorize_request_v1

    async def invoke_and_keep(*args: Any) -> Any:
        result = await invoke(*args)
        body = result.get("body") if result else None
        if isinstance(body, dict) and isinstance(named := body.get("usageIdentifierKey"), str):
            context = body.get("context")
            kept = {**(context if isinstance(context, dict) else {}), _SMUGGLED: named}
            return {**result, "body": {**body, "context": kept}}
        return result

    async def authorize_and_take(api_id: str, *args: Any) -> Any:
        api = apigateway_v1._rest_apis.get(api_id) or {}
        _by_authorizer.set(api.get("apiKeySource") == "AUTHORIZER")
        error, context = await authorize(api_id, *args)
        context = dict(context) if isinstance(context, dict) else context  # the cache's own stays as it is
        _from_authorizer.set(context.pop(_SMUGGLED, None) if context else None)
        return error, context

    apigateway_v1._invoke_authorizer_lambda = invoke_and_keep
    apigateway_v1._authorize_request_v1 = authorize_and_take


def _choose_the_source() -> None:
    of_header, check = apigateway_v1._api_key_from_request, apigateway_v1._check_api_key

    def of_request(headers: Any) -> str:
        return (_from_authorizer.get() or "") if _by_authorizer.get() else str(of_header(headers))

    def check_and_keep(*args: Any) -> Any:
        error, key = check(*args)
        _key.set(key)
        return error, key

    apigateway_v1._api_key_from_request = of_request
    apigateway_v1._check_api_key = check_and_keep


def _tell_the_function() -> None:
    build = apigateway_v1._build_lambda_event_v1

    def build_with_key(*args: Any, **kwargs: Any) -> Json:
        event: Json = build(*args, **kwargs)
        if key := _key.get():
            event["requestContext"]["identity"].update(apiKey=key["value"], apiKeyId=key["id"])
        return event

    apigateway_v1._build_lambda_event_v1 = build_with_key


def _map_throttles_of_methods() -> None:
    body = provisioners._apigw_usage_plan_body

    def mapped(properties: Json) -> Json:
        made: Json = body(properties)
        for stage in made["apiStages"]:
            stage["throttle"] = {
                method: provisioners._apigw_throttle(limits) for method, limits in (stage["throttle"] or {}).items()
            }
        return made

    provisioners._apigw_usage_plan_body = mapped


def _disable_keys() -> None:
    """Read whether a key is enabled: a patch says it in a text, and the emulator takes `false` for something true."""
    update = apigateway_v1._update_api_key

    def update_read(key_id: str, data: Json) -> Any:
        operations = [
            {**operation, "value": str(operation.get("value")).lower() == "true"}
            if operation.get("path") == "/enabled"
            else operation
            for operation in data.get("patchOperations", [])
        ]
        return update(key_id, {**data, "patchOperations": operations})

    apigateway_v1._update_api_key = update_read


def _keep_the_source_of_stacks() -> None:
    """Have APIs of stacks keep their key source from their creation on; the emulator sets it when it changes."""
    create = provisioners._apigw_rest_api_create

    def create_kept(logical_id: str, properties: Json, stack_name: str) -> Any:
        created = create(logical_id, properties, stack_name)
        api = apigateway_v1._rest_apis[created[0]]
        api["apiKeySource"] = properties.get("ApiKeySourceType", "HEADER")
        api["disableExecuteApiEndpoint"] = properties.get("DisableExecuteApiEndpoint", False)
        return created

    provisioners._apigw_rest_api_create = create_kept
    provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]["create"] = create_kept
