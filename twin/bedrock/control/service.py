"""The control plane as one handler."""

from __future__ import annotations

import json
from collections.abc import Callable

from twin import shapes, support
from twin.bedrock.control import errors, guardrails, imports, jobs, models, serving
from twin.bedrock.control.routes import parameters_of, route_of
from twin.constraints import WrongTypeError, summary, violations
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
    parameters = parameters_of(request, route)
    _check(route.operation, parameters, honoured)
    model = shapes.service_model("bedrock").operation_model(route.operation)
    answer = operation(request, {name: value for name, value in parameters.items() if value is not None})
    status = int(model.http.get("responseCode", 200))
    return Response(json.dumps(answer).encode(), status, {"Content-Type": "application/json"})


def _check(operation: str, parameters: Json, honoured: support.Honoured) -> None:
    shape = shapes.service_model("bedrock").operation_model(operation).input_shape
    try:
        found = list(violations(shape, parameters))
    except WrongTypeError as error:
        raise errors.validation(str(error)) from error
    if found:
        raise errors.validation(summary(found))
    if refused := list(support.unsupported(honoured, parameters)):
        raise errors.validation(" ".join(refused))
