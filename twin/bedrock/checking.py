"""Requests judged by the API's own model, as the service judges them before anything else."""

from __future__ import annotations

from twin import shapes
from twin.constraints import WrongTypeError, summary, violations
from twin.emulator.hooks import Json, ServiceError


def check_shape(operation: str, request: Json) -> None:
    """Raise ValidationException for a request, members of the path among it, that is not as the API says."""
    shape = shapes.service_model("bedrock-runtime").operation_model(operation).input_shape
    try:
        found = list(violations(shape, request))
    except WrongTypeError as error:
        raise ServiceError("ValidationException", str(error)) from error
    if found:
        raise ServiceError("ValidationException", summary(found))
