"""CreateFunction and UpdateFunctionConfiguration refuse what Lambda refuses, and so does CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from twin.emulator.hooks.services import Json
from twin.emulator.hooks.trust import RoleNotAssumableError, require_trust

_FUNCTION = "AWS::Lambda::Function"
_VARIABLES_LIMIT = 4096
_REFUSED = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided"
)
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Reserved environment variables".
_RESERVED = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    }
)


def check_function_settings() -> None:
    """Answer InvalidParameterValueException, or fail the stack, for settings that `settings_problem` names.

    The emulator takes any role that exists, leaves reserved variables aside, and has no limit for the others.
    """
    create, update, provision = lambda_svc._create_function, lambda_svc._update_config, provisioners._lambda_create

    def create_checked(data: Json) -> Any:
        problem = settings_problem(data, str(data.get("FunctionName", "")))
        return lambda_svc._invalid_parameter_value(problem) if problem else create(data)

    def update_checked(name: str, data: Json) -> Any:
        problem = settings_problem(data, name) if name in lambda_svc._functions else None
        return lambda_svc._invalid_parameter_value(problem) if problem else update(name, data)

    def provision_checked(logical_id: str, properties: Json, stack_name: str) -> Any:
        name = properties.get("FunctionName") or provisioners._physical_name(stack_name, logical_id, max_len=64)
        if problem := settings_problem(properties, name):
            raise ValueError(problem)
        return provision(logical_id, properties, stack_name)

    lambda_svc._create_function = create_checked
    lambda_svc._update_config = update_checked
    provisioners._lambda_create = provision_checked
    provisioners._RESOURCE_HANDLERS[_FUNCTION]["create"] = provision_checked


def settings_problem(settings: Json, function_name: str) -> str | None:
    """What Lambda says to a function's role and variables, where it refuses them; what is not given is not judged."""
    role = settings.get("Role")
    if role and not _may_be_assumed(role, function_name):
        return "The role defined for the function cannot be assumed by Lambda."
    return variables_problem((settings.get("Environment") or {}).get("Variables") or {})


def _may_be_assumed(role: str, function_name: str) -> bool:
    if iam_evaluator.validate_role_arn(role):
        return False
    try:
        require_trust(role, "lambda.amazonaws.com", lambda_svc._func_arn(function_name))
    except RoleNotAssumableError:
        return False
    return True


def variables_problem(variables: Mapping[str, str]) -> str | None:
    """What Lambda says to a function's environment variables, or None where it takes them."""
    if reserved := sorted(_RESERVED & set(variables)):
        return (
            f"{_REFUSED} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > _VARIABLES_LIMIT:
        return f"{_REFUSED} exceeded the 4KB limit. String measured: {measured}"
    return None
