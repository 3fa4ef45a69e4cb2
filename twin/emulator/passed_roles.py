"""Which roles a request hands to a service, which needs `iam:PassRole` on each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from twin.emulator.bedrock_iam import bedrock_operation, scheduler_operation
from twin.emulator.hooks import Request
from twin.emulator.lambda_iam import lambda_operation
from twin.sagemaker.runtime import is_invocation

# Where each operation names the role; `[]` stands for every element of a list.
_ROLES = {
    ("bedrock", "CreateModelCustomizationJob"): "roleArn",
    ("bedrock", "CreateModelImportJob"): "roleArn",
    ("cloudformation", "CreateStack"): "RoleARN",
    ("cloudformation", "CreateChangeSet"): "RoleARN",
    ("cloudformation", "UpdateStack"): "RoleARN",
    ("cloudformation", "DeleteStack"): "RoleARN",
    ("events", "PutRule"): "RoleArn",
    ("events", "PutTargets"): "Targets.[].RoleArn",
    ("glue", "CreateJob"): "Role",
    ("glue", "UpdateJob"): "JobUpdate.Role",
    ("glue", "CreateCrawler"): "Role",
    ("glue", "StartDataQualityRulesetEvaluationRun"): "Role",
    ("lambda", "CreateFunction"): "Role",
    ("lambda", "UpdateFunctionConfiguration"): "Role",
    ("logs", "PutSubscriptionFilter"): "roleArn",
    ("sagemaker", "CreateHyperParameterTuningJob"): "TrainingJobDefinition.RoleArn",
    ("sagemaker", "CreateModel"): "ExecutionRoleArn",
    ("sagemaker", "CreatePipeline"): "RoleArn",
    ("sagemaker", "UpdatePipeline"): "RoleArn",
    ("sagemaker", "CreateProcessingJob"): "RoleArn",
    ("sagemaker", "CreateTrainingJob"): "RoleArn",
    ("scheduler", "CreateSchedule"): "Target.RoleArn",
    ("scheduler", "UpdateSchedule"): "Target.RoleArn",
    ("states", "CreateStateMachine"): "roleArn",
    ("states", "UpdateStateMachine"): "roleArn",
}
SERVICES = ("apigateway", *dict.fromkeys(service for service, _ in _ROLES))
_INTEGRATION = re.compile(r"/restapis/[^/]+/resources/[^/]+/methods/[^/]+/integration/?")
# An integration may also call on behalf of whoever calls it: `arn:aws:iam::*:user/*`.
_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/.+")


def operation_of(request: Request) -> str:
    """The operation's name in the API, or nothing where the request has none that hands on a role."""
    if request.service == "lambda":
        return lambda_operation(request)
    if request.service == "bedrock":
        return bedrock_operation(request)
    if request.service == "scheduler":
        return scheduler_operation(request)
    if request.service == "sagemaker" and is_invocation(request):
        return ""
    return request.operation or ""


def passed_roles(request: Request) -> Iterable[str]:
    """The ARNs of the roles that the request hands to its service."""
    if request.service == "apigateway":
        yield from (role for role in _of_integration(request) if _ROLE.fullmatch(role))
    elif place := _ROLES.get((request.service, operation_of(request))):
        for role in _at(request.parameters, place.split(".")):
            yield role if role.startswith("arn:") else f"arn:aws:iam::{request.account}:role/{role}"


def _of_integration(request: Request) -> Iterable[str]:
    if not _INTEGRATION.fullmatch(request.path):
        return
    if request.method == "PUT":
        yield str(request.parameters.get("credentials") or "")
    if request.method == "PATCH":
        changes = request.parameters.get("patchOperations") or []
        yield from (str(change.get("value")) for change in changes if change.get("path") == "/credentials")


def _at(given: Any, place: list[str]) -> Iterable[str]:
    """What lies at a place in a request's parameters; nothing where the request leaves it out."""
    if not place:
        if isinstance(given, str):
            yield given
    elif place[0] == "[]":
        for one in given if isinstance(given, list) else []:
            yield from _at(one, place[1:])
    elif isinstance(given, Mapping) and place[0] in given:
        yield from _at(given[place[0]], place[1:])
