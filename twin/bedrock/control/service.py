"""The control plane as one handler."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twin import shapes, support
from twin.bedrock.control import errors, guardrails, imports, jobs, models, serving
from twin.bedrock.control.routes import parameters_of, route_of
from twin.constraints import WrongTypeError, summary, violations, without_nulls
from twin.emulator.hooks import Json, Request, Response, ServiceError

Operation = Callable[[Request, Json], Json]

OPERATIONS: dict[str, tuple[Operation, support.Honoured]] = {
    **jobs.OPERATIONS,
    **models.OPERATIONS,
    **serving.OPERATIONS,
    **imports.OPERATIONS,
    **guardrails.OPERATIONS,
}


def handle(request: Request) -> Response | Json:
    """Answer one request. Raises ServiceError."""
    route = route_of(request)
    if route is None or route.operation not in OPERATIONS:
        name = route.operation if route else f"{request.method} {request.path}"
        raise ServiceError("UnknownOperationException", f"The operation {name} of Bedrock is not served here.", 404)
    operation, honoured = OPERATIONS[route.operation]
    model = shapes.service_model("bedrock").operation_model(route.operation)
    parameters = without_nulls(model.input_shape, parameters_of(request, route))
    _check(model.input_shape, parameters, honoured)
    answer = operation(request, parameters)
    status = int(model.http.get("responseCode", 200))
    return Response(json.dumps(answer).encode(), status, {"Content-Type": "application/json"})


def _check(shape: Any, parameters: Json, honoured: support.Honoured) -> None:
    try:
        found = list(violations(shape, parameters))
    except WrongTypeError as error:
        raise errors.validation(str(error)) from error
    if found:
        raise errors.validation(summary(found))
    if refused := list(support.unsupported(honoured, parameters)):
        raise errors.validation(" ".join(refused))
