"""REST APIs whose integration streams (`ResponseTransferMode: STREAM`): the emulator knows whole answers alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ministack.services import apigateway_v1, lambda_svc
from ministack.services.cloudformation import provisioners

from twin.emulator.hooks.services import Json
from twin.emulator.hooks.web_functions import FunctionFailedError, ThrottledError, stream_function, web_function

STREAMING = "/response-streaming-invocations"
_METHOD = "AWS::ApiGateway::Method"
_INTERNAL = "Internal server error"

_log = logging.getLogger(__name__)


def stream_integrations() -> None:
    """Send on the answer of a function as it comes, where the integration's transfer mode is STREAM.

    The integration invokes functions that stream, and a function in its place that does not, gets 502, as does a
    function that streams behind an integration that does not: the answer has not the form that it waits for.
    """
    _keep_transfer_modes()
    invoke = apigateway_v1._invoke_lambda_proxy_v1

    async def invoke_either(integration: Json, *request: Any, **caller: Any) -> Any:
        if not streams(integration):
            return await invoke(integration, *request, **caller)
        return await _streamed(integration, request, caller)

    apigateway_v1._invoke_lambda_proxy_v1 = invoke_either


def streams(integration: Json) -> bool:
    """Whether an integration passes an answer on as it comes."""
    mode = str(integration.get("responseTransferMode", "BUFFERED")).upper()
    return mode == "STREAM" or str(integration.get("uri", "")).endswith(STREAMING)


async def _streamed(integration: Json, request: tuple[Any, ...], caller: Mapping[str, Any]) -> Any:
    event = apigateway_v1._build_lambda_event_v1(
        *request,
        binary_media_types=caller.get("binary_media_types"),
        authorizer_context=caller.get("authorizer_context"),
        caller_identity=caller.get("caller_identity"),
    )
    named = str(integration.get("uri", ""))
    if not named.endswith(STREAMING):
        return _configuration_error(f"An integration with the transfer mode STREAM has a URI that ends in {STREAMING}.")
    reference = apigateway_v1._extract_lambda_ref_from_integration_uri(named.removesuffix(STREAMING))
    function, config, _name = lambda_svc._get_func_record_for_ref_in_scope(
        reference, account_id=caller.get("owner_account_id"), region=caller.get("owner_region")
    )
    if function is None or config is None:
        return _configuration_error(f"There is no function {reference}.")
    record = lambda_svc._execution_record_for_config(function, config)
    found = web_function(record)
    if found is None:
        return _bad_gateway(f"The twin streams functions with the Lambda Web Adapter alone; {reference} has none.")
    try:
        answer = await stream_function(record, found, event, int(integration["timeoutInMillis"]) / 1000)
    except ThrottledError:
        return apigateway_v1._gw_error("THROTTLED", "Too Many Requests")
    except TimeoutError:
        return apigateway_v1._gw_error("INTEGRATION_TIMEOUT", "Endpoint request timed out")
    except FunctionFailedError as failure:
        return _bad_gateway(f"{reference} failed: {failure}")
    if answer is None:
        return _bad_gateway(f"{reference} does not stream: AWS_LWA_INVOKE_MODE is not response_stream.")
    return answer


def _configuration_error(reason: str) -> Any:
    _log.error("%s", reason)
    return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", _INTERNAL)


def _bad_gateway(reason: str) -> Any:
    _log.error("%s", reason)
    return 502, {"Content-Type": "application/json"}, b'{"message": "Internal server error"}'


def _keep_transfer_modes() -> None:
    """Have integrations keep their transfer mode, of the API and of stacks; the emulator leaves it aside."""
    put, create = apigateway_v1._put_integration, provisioners._apigw_method_create

    def put_kept(api_id: str, resource_id: str, http_method: str, data: Json) -> Any:
        answer = put(api_id, resource_id, http_method, data)
        if (mode := data.get("responseTransferMode")) and answer[0] < HTTPStatus.BAD_REQUEST:
            integration = apigateway_v1._resources[api_id][resource_id]["resourceMethods"][http_method]
            integration["methodIntegration"]["responseTransferMode"] = mode
        return answer

    def create_kept(logical_id: str, properties: Json, stack_name: str) -> Any:
        created = create(logical_id, properties, stack_name)
        given = properties.get("Integration") or {}
        if mode := given.get("ResponseTransferMode"):
            resource = apigateway_v1._resources[properties["RestApiId"]][properties["ResourceId"]]
            method = resource["resourceMethods"][properties.get("HttpMethod", "ANY")]
            method["methodIntegration"]["responseTransferMode"] = mode
        return created

    apigateway_v1._put_integration = put_kept
    provisioners._apigw_method_create = create_kept
    provisioners._RESOURCE_HANDLERS[_METHOD]["create"] = create_kept
