"""Which permissions requests need, where the emulator does not know or knows it wrongly.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from twin.athena.iam import athena_action, athena_resource, further_workgroups
from twin.emulator import hooks
from twin.emulator.bedrock_iam import (
    bedrock_control_action,
    bedrock_control_resource,
    further_bedrock,
    scheduler_action,
    scheduler_resource,
    tags_on_bedrock,
)
from twin.emulator.bedrock_runtime_iam import bedrock_action, bedrock_resource, guardrails_of_conversations
from twin.emulator.glue_iam import further_resources, glue_action, glue_resource
from twin.emulator.hooks import Permission, Request, pass_role
from twin.emulator.kms_iam import further_keys, kms_action, kms_resource
from twin.emulator.lambda_iam import lambda_action, lambda_resource
from twin.emulator.opensearch_iam import collection_resource, further_aoss, keys_of_collection
from twin.emulator.page_iam import cloudfront_resource, cognito_resource, further_web_acls, wafv2_resource
from twin.emulator.passed_roles import SERVICES, operation_of, passed_roles
from twin.emulator.s3vectors_iam import further_s3vectors, s3vectors_action, s3vectors_resource
from twin.emulator.ssm_iam import further_parameters, ssm_action, ssm_resource
from twin.events import emit
from twin.sagemaker.runtime import is_invocation

# The verb of an operation, the noun of the resource that it works on.
_OPERATION = re.compile(r"(Create|Update|Delete|Describe|Stop|Start|Retry|Send|List|Add|Put|Get|Batch)([A-Z]\w+)")
_INVOCATIONS = {
    "invocations": "InvokeEndpoint",
    "async-invocations": "InvokeEndpointAsync",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
}
_INVOCATION_PATH = re.compile(rf"/endpoints/(?P<endpoint>[^/]+)/(?P<call>{'|'.join(_INVOCATIONS)})")
# They name two resources: the endpoint, and the configuration that it gets.
_ENDPOINT_OPERATIONS = ("CreateEndpoint", "UpdateEndpoint")


def register() -> None:
    """Enforce them, and record every denial as an event."""
    hooks.on_denied(_record)
    hooks.map_iam("sagemaker", sagemaker_action, sagemaker_resource)
    hooks.map_iam("bedrock-runtime", bedrock_action, bedrock_resource)
    hooks.require("bedrock-runtime", guardrails_of_conversations)
    hooks.map_iam("bedrock", bedrock_control_action, bedrock_control_resource)
    hooks.require("bedrock", further_bedrock)
    hooks.give_condition_keys("bedrock", tags_on_bedrock)
    hooks.map_iam("scheduler", scheduler_action, scheduler_resource)
    hooks.map_iam("athena", athena_action, athena_resource)
    hooks.require("athena", further_workgroups)
    hooks.map_iam("glue", glue_action, glue_resource)
    hooks.require("glue", further_resources)
    hooks.map_iam("ssm", ssm_action, ssm_resource)
    hooks.require("ssm", further_parameters)
    hooks.require("s3", tags_of_objects)
    hooks.map_iam("s3vectors", s3vectors_action, s3vectors_resource)
    hooks.require("s3vectors", further_s3vectors)
    hooks.name_resources(hooks.COLLECTIONS, collection_resource)
    hooks.require(hooks.COLLECTIONS, further_aoss)
    hooks.give_condition_keys("aoss", keys_of_collection)
    hooks.map_iam("kms", kms_action, kms_resource)
    hooks.require("kms", further_keys)
    hooks.map_iam("lambda", lambda_action, lambda_resource)
    hooks.map_iam("states", states_action, states_resource)
    hooks.map_iam("logs", logs_action, logs_resource)
    hooks.map_iam("monitoring", monitoring_action, monitoring_resource)
    hooks.require("monitoring", further_alarms)
    hooks.name_resources("cloudfront", cloudfront_resource)
    hooks.name_resources("cognito-idp", cognito_resource)
    hooks.name_resources("wafv2", wafv2_resource)
    hooks.require("wafv2", further_web_acls)
    hooks.deny_unmapped()
    for service in SERVICES:
        hooks.require(service, further_permissions)


def _record(principal: str, action: str, resource: str) -> None:
    emit("iam_denied", "iam", principal, action=action, resource=resource)


# ---- SageMaker ------------------------------------------------------------------------------------------


def sagemaker_action(request: Request) -> str | None:
    """`sagemaker:<Operation>`; the runtime's requests say it by their path, whatever operation else they name."""
    if not is_invocation(request):
        return f"sagemaker:{request.operation}"
    invoked = _INVOCATION_PATH.fullmatch(request.path)
    return f"sagemaker:{_INVOCATIONS[invoked['call']]}" if invoked else None


def sagemaker_resource(request: Request) -> str:
    """The ARN that the request names: names of SageMaker resources are in lower case in their ARNs."""
    prefix = f"arn:aws:sagemaker:{request.region}:{request.account}:"
    if is_invocation(request):
        invoked = _INVOCATION_PATH.fullmatch(request.path)
        return f"{prefix}endpoint/{invoked['endpoint'].lower()}" if invoked else "*"
    given = request.parameters
    if arn := given.get("ResourceArn") or given.get("PipelineExecutionArn"):
        return str(arn)
    for noun in ("Pipeline", "HyperParameterTuningJob"):
        # Operations on what belongs to them too: their executions, their training jobs.
        if f"{noun}Name" in given:
            return _named(prefix, noun, given[f"{noun}Name"])
    matched = _OPERATION.fullmatch(request.operation or "")
    if not matched:
        return "*"
    noun = matched[2]
    if noun == "ModelPackage" and "ModelPackageGroupName" in given:
        return _named(prefix, "ModelPackageGroup", given["ModelPackageGroupName"])
    name = given.get(f"{noun}Arn") or given.get(f"{noun}Name")
    return _named(prefix, noun, name) if name else "*"


def _named(prefix: str, noun: str, name: str) -> str:
    if name.startswith("arn:"):
        return name
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", noun).lower()
    return f"{prefix}{kind}/{name.lower()}"


# ---- Step Functions -------------------------------------------------------------------------------------


def states_action(request: Request) -> str | None:
    """`states:<Operation>`."""
    return f"states:{request.operation}"


def states_resource(request: Request) -> str:
    """The ARN that the request names; a task token stands for the state machine that waits for it."""
    given = request.parameters
    if token := given.get("taskToken"):
        return hooks.state_machine_of(token) or "*"
    for key in ("stateMachineArn", "executionArn", "activityArn", "resourceArn", "mapRunArn"):
        if key in given:
            return str(given[key])
    if "name" in given:
        return f"arn:aws:states:{request.region}:{request.account}:stateMachine:{given['name']}"
    return "*"


# ---- CloudWatch Logs ------------------------------------------------------------------------------------


def logs_action(request: Request) -> str | None:
    """`logs:<Operation>`."""
    return f"logs:{request.operation}"


def logs_resource(request: Request) -> str:
    """The ARN of a stream for what is done to one, of a group (`…:log-stream:`) for everything else.

    That is how denials read on AWS, and why a permission on a group ends in `:*`.
    """
    given = request.parameters
    if arn := given.get("resourceArn") or given.get("logGroupIdentifier"):
        return str(arn)
    stream = given.get("logStreamName", "") if request.operation in ("PutLogEvents", "GetLogEvents") else ""
    group = given.get("logGroupName", "")
    return f"arn:aws:logs:{request.region}:{request.account}:log-group:{group}:log-stream:{stream}"


# ---- CloudWatch -----------------------------------------------------------------------------------------


def monitoring_action(request: Request) -> str | None:
    """`cloudwatch:<Operation>`."""
    return f"cloudwatch:{request.operation}"


def monitoring_resource(request: Request) -> str:
    """The ARN of the alarm that the request names, the first one where it names many; metrics have no ARNs."""
    alarms = _alarms(request)
    if alarms:
        return alarms[0]
    return _alarm(request, "*") if request.operation == "DescribeAlarms" else "*"


def further_alarms(request: Request) -> Iterable[Permission]:
    """The same permission on each further alarm that the request names."""
    yield from (Permission(f"cloudwatch:{request.operation}", alarm) for alarm in _alarms(request)[1:])


def _alarms(request: Request) -> list[str]:
    if "cbor" in request.headers.get("content-type", ""):
        return []  # the emulator does not read it either, so nothing less than all alarms will do
    given = request.parameters
    names = [given["AlarmName"]] if "AlarmName" in given else given.get("AlarmNames", [])
    named = [value for key, value in given.items() if key.startswith("AlarmNames.member.")]  # in a form
    return [_alarm(request, name) for name in (*names, *named)]


def _alarm(request: Request, name: str) -> str:
    return f"arn:aws:cloudwatch:{request.region}:{request.account}:alarm:{name}"


# ---- further permissions --------------------------------------------------------------------------------


def further_permissions(request: Request) -> Iterable[Permission]:
    """iam:PassRole for each role that a request hands to its service, and what SageMaker's operations need besides."""
    for role in passed_roles(request):
        yield pass_role(role, f"{request.service}.amazonaws.com")
    if request.service == "sagemaker":
        yield from _further_sagemaker(request, operation_of(request))


def _further_sagemaker(request: Request, operation: str) -> Iterable[Permission]:
    """sagemaker:AddTags for tags at creation, and an endpoint's permission on its configuration too."""
    if operation.startswith("Create") and request.parameters.get("Tags"):
        yield Permission("sagemaker:AddTags", sagemaker_resource(request))
    configuration = request.parameters.get("EndpointConfigName") if operation in _ENDPOINT_OPERATIONS else None
    if configuration:
        prefix = f"arn:aws:sagemaker:{request.region}:{request.account}:"
        yield Permission(f"sagemaker:{operation}", _named(prefix, "EndpointConfig", configuration))


def tags_of_objects(request: Request) -> Iterable[Permission]:
    """s3:PutObjectTagging for the tags that an object is written with."""
    address = request.path.lstrip("/")
    written = request.method == "PUT" or (request.method == "POST" and "uploads" in request.query)
    given = {name.lower() for name in (*request.headers, *request.query)}  # in a URL signed in advance: the query
    if written and "/" in address.rstrip("/") and "x-amz-tagging" in given:
        yield Permission("s3:PutObjectTagging", f"arn:aws:s3:::{address}")
