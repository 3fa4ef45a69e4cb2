"""bedrock-runtime as one handler."""

from __future__ import annotations

import json
import re

from twin.bedrock import converse, invoke_model, stream
from twin.bedrock.named import resolve
from twin.emulator.hooks import Answer, Request, Response, ServiceError

_PATH = re.compile(r"/model/(?P<model>.+)/(?P<call>[a-z-]+)")
_HEADERS = ("x-amzn-bedrock-",)
_HONOURED_HEADERS = {"x-amzn-bedrock-performanceconfig-latency": ("standard",), "x-amzn-bedrock-trace": ("DISABLED",)}


def handle(request: Request) -> Answer:
    """Answer one request. Raises ServiceError."""
    matched = _PATH.fullmatch(request.path)
    call = matched["call"] if matched else ""
    if not matched or call not in ("converse", "converse-stream", "invoke"):
        raise ServiceError("UnknownOperationException", f"{request.method} {request.path} is not served here.", 404)
    model = resolve(matched["model"], request.region, request.account)
    if call == "invoke":
        _check_headers(request)
        return invoke_model.invoke_model(model, request.body)
    parameters = request.parameters
    converse.check(model, parameters)
    if call == "converse-stream":
        return stream.converse_stream(model, parameters)
    body = json.dumps(converse.converse(model, parameters)).encode()
    return Response(body, 200, {"Content-Type": "application/json"})


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
