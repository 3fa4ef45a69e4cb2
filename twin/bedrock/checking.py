"""Requests judged by the API's own model, as the service judges them before anything else."""

from __future__ import annotations

from typing import Any

from twin import shapes
from twin.constraints import WrongTypeError, summary, violations, without_nulls
from twin.emulator.hooks import Json, Request, ServiceError


def check_shape(operation: str, request: Json) -> None:
    """Raise ValidationException for a request, members of the path among it, that is not as the API says."""
    try:
        found = list(violations(_input_shape(operation), request))
    except WrongTypeError as error:
        raise ServiceError("ValidationException", str(error)) from error
    if found:
        raise ServiceError("ValidationException", summary(found))


def parameters_of(operation: str, request: Request) -> Json:
    """What a request gives; a member that is null is not given."""
    given: Json = without_nulls(_input_shape(operation), request.parameters)
    return given


def _input_shape(operation: str) -> Any:
    return shapes.service_model("bedrock-runtime").operation_model(operation).input_shape
