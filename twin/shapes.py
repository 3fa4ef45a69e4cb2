"""Requests checked against botocore's models: what AWS refuses, the twin refuses."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service, by boto3's name for it."""
    return botocore.session.get_session().get_service_model(service)


def problems(service: str, operation: str, parameters: dict[str, Any]) -> str:
    """What is wrong with an operation's parameters: missing, unknown or of the wrong type. Empty if nothing."""
    shape = service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    return str(report.generate_report()) if report.has_errors() else ""
