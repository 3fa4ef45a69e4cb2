"""bedrock-runtime as one handler."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from twin.bedrock import converse, count_tokens, faults, invoke_model, stream
from twin.bedrock.checking import parameters_of
from twin.bedrock.guarding import guard_of
from twin.bedrock.guardrails.applying import apply_guardrail
from twin.bedrock.named import Named, resolve
from twin.bedrock.tool_use import converse_with_tools
from twin.emulator.hooks import Answer, Json, Request, Response, ServiceError, Stream

_PATH = re.compile(r"/model/(?P<model>.+)/(?P<call>[a-z-]+)")
_GUARDRAIL = re.compile(r"/guardrail/(?P<guardrail>.+)/version/(?P<version>[^/]+)/apply")
_HEADERS = ("x-amzn-bedrock-",)
_HONOURED_HEADERS = {
    "x-amzn-bedrock-performanceconfig-latency": ("standard",),
    "x-amzn-bedrock-trace": ("DISABLED",),
    "x-amzn-bedrock-accept": ("application/json", "*/*"),
}


def handle(request: Request) -> Answer:
    """Answer one request. Raises ServiceError."""
    if applied := _GUARDRAIL.fullmatch(request.path):
        return apply_guardrail(request, applied["guardrail"], applied["version"])
    matched = _PATH.fullmatch(request.path)
    served = _CALLS.get(matched["call"]) if matched else None
    if not matched or served is None:
        raise ServiceError("UnknownOperationException", f"{request.method} {request.path} is not served here.", 404)
    operation, call = served
    named = resolve(matched["model"], request.region, request.account)
    fault = faults.next_fault(matched["model"], operation)
    answer = call(named, request)
    return fault.break_off(answer) if fault else answer


def _converse(named: Named, request: Request) -> Response:
    parameters = parameters_of("Converse", request)
    converse.check(named.model, parameters)
    if "toolConfig" in parameters:
        answer = converse_with_tools(named.model, parameters)
    else:
        answer = converse.converse(named.model, parameters, guard_of(request, parameters))
    body = json.dumps(answer).encode()
    return Response(body, 200, {"Content-Type": "application/json"})


def _converse_stream(named: Named, request: Request) -> Stream:
    parameters = parameters_of("ConverseStream", request)
    converse.check(named.model, parameters, "ConverseStream")
    return stream.converse_stream(named.model, parameters, guard_of(request, parameters))


def _count_tokens(named: Named, request: Request) -> Json:
    return count_tokens.count_tokens(named, parameters_of("CountTokens", request))


def _invoke(named: Named, request: Request) -> Response:
    _check_headers(request)
    return invoke_model.invoke_model(named, request.body)


def _invoke_stream(named: Named, request: Request) -> Stream:
    _check_headers(request)
    return invoke_model.invoke_model_with_response_stream(named, request.body)


_CALLS: Mapping[str, tuple[str, Callable[[Named, Request], Answer]]] = {
    "converse": ("Converse", _converse),
    "converse-stream": ("ConverseStream", _converse_stream),
    "count-tokens": ("CountTokens", _count_tokens),
    "invoke": ("InvokeModel", _invoke),
    "invoke-with-response-stream": ("InvokeModelWithResponseStream", _invoke_stream),
}


def _check_headers(request: Request) -> None:
    for name in ("content-type", "accept"):
        given = request.headers.get(name, "application/json").partition(";")[0]
        if given not in ("application/json", "*/*"):
            raise ServiceError("ValidationException", f"The {name} {given} is not supported, only application/json.")
    for name, value in request.headers.items():
        if name.lower().startswith(_HEADERS) and value not in _HONOURED_HEADERS.get(name.lower(), ()):
            raise ServiceError(
                "ValidationException", f"The header {name} with the value {value} is not supported here."
            )
