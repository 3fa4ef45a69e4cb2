"""Requests judged by SageMaker's own model."""

from __future__ import annotations

from typing import Any

from twin import shapes
from twin.constraints import WrongTypeError, summary, violations
from twin.emulator.hooks import Json, ServiceError
from twin.sagemaker import errors


def model() -> Any:
    """SageMaker's model: operations and shapes."""
    return shapes.service_model("sagemaker")


def check(operation: str, parameters: Json) -> None:
    """Raise ValidationException with every violation of the operation's input, or SerializationException."""
    shape = model().operation_model(operation).input_shape
    try:
        found = list(violations(shape, parameters))
    except WrongTypeError as error:
        raise ServiceError("SerializationException", str(error)) from error
    if found:
        raise errors.validation(summary(found))
