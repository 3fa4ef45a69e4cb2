"""What the emulator's REST APIs lack: TestInvokeMethod, and silence about a function's errors."""

from __future__ import annotations

import contextvars
import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ministack import app
from ministack.core import responses
from ministack.services import apigateway_v1

from twin.emulator.hooks.services import Json, RawResponse, ServiceError, error_as_raw
from twin.emulator.hooks.streams import collected

_log = logging.getLogger(__name__)
_INTERNAL = "Internal server error"
TEST_STAGE = "test-invoke-stage"
_TOLD_IN_TESTS = {"apiKey": "api-key", "apiKeyId": "api-key-id", "sourceIp": "source-ip"}
_TEST_PATH = re.compile(r"/restapis/(?P<api>[^/]+)/resources/(?P<resource>[^/]+)/methods/(?P<method>[A-Z]+)")
_tester: contextvars.ContextVar[Json | None] = contextvars.ContextVar("tester", default=None)


def tester() -> Json | None:
    """Give the identity that an event has in a test, whatever the method's authorizer; None outside one."""
    return _tester.get()


def hide_function_errors_from_api_clients() -> None:
    """Answer 502 `Internal server error` when an API's function fails, or its answer has not the form of a proxy's.

    The emulator sends the error itself, and takes any answer for a body.
    """
    before = apigateway_v1._lambda_proxy_response

    def answer(result: Json) -> Any:
        body = result.get("body")
        if not result.get("error") and not result.get("throttle") and not _is_proxy_response(body):
            _log.error("Malformed Lambda proxy response: an object with a statusCode is wanted.")
            return None, _INTERNAL
        shaped, error = before(result)
        return shaped, error and _INTERNAL

    apigateway_v1._lambda_proxy_response = answer


def _is_proxy_response(body: Any) -> bool:
    return isinstance(body, dict) and "statusCode" in body


def add_test_invoke_method() -> None:
    """Serve TestInvokeMethod: the method without its authorizer, on a stage of its own, as on AWS.

    The function is told who tests, with the id of an API key that no key has. The caller needs apigateway:POST on the
    method, which the emulator has evaluated by then.
    """
    before, authorize = app.SERVICE_HANDLERS["apigateway"], apigateway_v1._authorize_request_v1

    async def dispatch(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> RawResponse:
        matched = _TEST_PATH.fullmatch(path) if method == "POST" else None
        if not matched:
            answer: RawResponse = await before(method, path, headers, body, query)
            return answer
        try:
            given = json.loads(body or b"{}")
            return await _test(matched["api"], matched["resource"], matched["method"], given, _identity(headers, query))
        except ServiceError as error:
            return error_as_raw(error)

    async def skip_in_tests(*args: Any) -> Any:
        return (None, None) if _tester.get() is not None else await authorize(*args)

    app.SERVICE_HANDLERS["apigateway"] = dispatch
    apigateway_v1._authorize_request_v1 = skip_in_tests


def _identity(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> Json:
    caller: Json = apigateway_v1._iam_caller_identity(headers, query) or {}
    told = {name: f"test-invoke-{text}" for name, text in _TOLD_IN_TESTS.items()}
    return {**caller, **told, "userAgent": headers.get("user-agent", "")}


async def _test(api_id: str, resource_id: str, method: str, given: Json, identity: Json) -> RawResponse:
    resource = apigateway_v1._resources.get(api_id, {}).get(resource_id)
    methods = resource.get("resourceMethods", {}) if resource else {}
    if resource is None or not {method, "ANY"} & set(methods):
        raise ServiceError("NotFoundException", "Invalid Method identifier specified", 404)
    target = urlsplit(given.get("pathWithQueryString") or resource["path"])
    headers = {"content-type": "application/json", **{k.lower(): v for k, v in given.get("headers", {}).items()}}
    stages = apigateway_v1._stages_v1.setdefault(api_id, {})
    stage = {"stageName": TEST_STAGE, "variables": given.get("stageVariables", {}), "methodSettings": {}}
    started = time.monotonic()
    token = _tester.set(identity)
    stages[TEST_STAGE] = stage
    try:
        status, answered, content = await apigateway_v1.handle_execute(
            api_id, TEST_STAGE, method, target.path, headers, given.get("body", "").encode(), parse_qs(target.query)
        )
        if isinstance(content, responses.StreamingResponse):
            content = await collected(content)
    finally:
        if stages.get(TEST_STAGE) is stage:
            del stages[TEST_STAGE]
        _tester.reset(token)
    result = {
        "status": status,
        "body": content.decode(),
        "headers": {name: str(value) for name, value in answered.items()},
        "multiValueHeaders": {name: [str(value)] for name, value in answered.items()},
        "log": f"Execution log for request {responses.new_uuid()}\nMethod completed with status: {status}\n",
        "latency": int((time.monotonic() - started) * 1000),
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(result).encode()
