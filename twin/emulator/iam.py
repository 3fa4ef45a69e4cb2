"""Which permissions requests need, where the emulator does not know or knows it wrongly.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from twin.emulator import hooks
from twin.emulator.hooks import Permission, Request, pass_role
from twin.emulator.kms_iam import further_keys, kms_action, kms_resource
from twin.emulator.lambda_iam import lambda_action, lambda_operation, lambda_resource
from twin.events import emit

# The verb of an operation, the noun of the resource that it works on.
_OPERATION = re.compile(r"(Create|Update|Delete|Describe|Stop|Start|Retry|Send|List|Add|Put|Get|Batch)([A-Z]\w+)")
_INFERENCE_PROFILE = re.compile(r"(us|eu|apac|jp|au|ca|global|us-gov)\.[a-z0-9]+\..+")
_MODEL_PATH = re.compile(r"/model/(?P<model>.+)/(?P<call>[a-z-]+)$")
_STREAMING = ("converse-stream", "invoke-with-response-stream")


def register() -> None:
    """Enforce them, and record every denial as an event."""
    hooks.on_denied(_record)
    hooks.map_iam("sagemaker", sagemaker_action, sagemaker_resource)
    hooks.map_iam("bedrock-runtime", bedrock_action, bedrock_resource)
    hooks.map_iam("kms", kms_action, kms_resource)
    hooks.require("kms", further_keys)
    hooks.map_iam("lambda", lambda_action, lambda_resource)
    hooks.map_iam("states", states_action, states_resource)
    hooks.map_iam("logs", logs_action, logs_resource)
    hooks.map_iam("monitoring", monitoring_action, monitoring_resource)
    hooks.require("monitoring", further_alarms)
    hooks.deny_unmapped()
    for service in ("sagemaker", "states", "glue", "cloudformation", "events", "lambda"):
        hooks.require(service, further_permissions)


def _record(principal: str, action: str, resource: str) -> None:
    emit("iam_denied", "iam", principal, action=action, resource=resource)


# ---- SageMaker ------------------------------------------------------------------------------------------


def sagemaker_action(request: Request) -> str | None:
    """`sagemaker:<Operation>`; the runtime has no operation in its requests, and one that matters."""
    if request.path.endswith("/invocations-response-stream"):
        return "sagemaker:InvokeEndpointWithResponseStream"
    if request.path.endswith("/async-invocations"):
        return "sagemaker:InvokeEndpointAsync"
    if request.path.endswith("/invocations"):
        return "sagemaker:InvokeEndpoint"
    return f"sagemaker:{request.operation}"


def sagemaker_resource(request: Request) -> str:
    """The ARN that the request names: names of SageMaker resources are in lower case in their ARNs."""
    prefix = f"arn:aws:sagemaker:{request.region}:{request.account}:"
    if request.path.startswith("/endpoints/"):
        return f"{prefix}endpoint/{request.path.split('/')[2].lower()}"
    given = request.parameters
    if arn := given.get("ResourceArn") or given.get("PipelineExecutionArn"):
        return str(arn)
    if "PipelineName" in given:
        return _named(prefix, "Pipeline", given["PipelineName"])
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


# ---- Bedrock --------------------------------------------------------------------------------------------


def bedrock_action(request: Request) -> str | None:
    """Converse needs the same permission as InvokeModel; there is no `bedrock:Converse`."""
    matched = _MODEL_PATH.fullmatch(request.path)
    if not matched:
        return f"bedrock:{request.path.strip('/').split('/')[0] or 'Unknown'}"
    return f"bedrock:InvokeModel{'WithResponseStream' if matched['call'] in _STREAMING else ''}"


def bedrock_resource(request: Request) -> str:
    """The ARN of a foundation model or an inference profile; other models are named by theirs."""
    matched = _MODEL_PATH.fullmatch(request.path)
    if not matched:
        return "*"
    model = matched["model"]
    if model.startswith("arn:"):
        return model
    if _INFERENCE_PROFILE.fullmatch(model):
        return f"arn:aws:bedrock:{request.region}:{request.account}:inference-profile/{model}"
    return f"arn:aws:bedrock:{request.region}::foundation-model/{model}"


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

# Where each operation names the role that it hands to its service.
_ROLE_PARAMETERS = {
    ("cloudformation", "CreateStack"): "RoleARN",
    ("cloudformation", "CreateChangeSet"): "RoleARN",
    ("cloudformation", "UpdateStack"): "RoleARN",
    ("cloudformation", "DeleteStack"): "RoleARN",
    ("events", "PutRule"): "RoleArn",
    ("glue", "CreateJob"): "Role",
    ("glue", "CreateCrawler"): "Role",
    ("lambda", "CreateFunction"): "Role",
    ("lambda", "UpdateFunctionConfiguration"): "Role",
    ("sagemaker", "CreateModel"): "ExecutionRoleArn",
    ("sagemaker", "CreatePipeline"): "RoleArn",
    ("sagemaker", "UpdatePipeline"): "RoleArn",
    ("sagemaker", "CreateProcessingJob"): "RoleArn",
    ("sagemaker", "CreateTrainingJob"): "RoleArn",
    ("states", "CreateStateMachine"): "roleArn",
    ("states", "UpdateStateMachine"): "roleArn",
}


def further_permissions(request: Request) -> Iterable[Permission]:
    """iam:PassRole for the role that a request hands to its service, sagemaker:AddTags for tags at creation."""
    operation = _operation(request)
    if key := _ROLE_PARAMETERS.get((request.service, operation)):
        role = request.parameters.get(key)
        if isinstance(role, str):
            arn = role if role.startswith("arn:") else f"arn:aws:iam::{request.account}:role/{role}"
            yield pass_role(arn, f"{request.service}.amazonaws.com")
    if request.service == "sagemaker" and operation.startswith("Create") and request.parameters.get("Tags"):
        yield Permission("sagemaker:AddTags", sagemaker_resource(request))


def _operation(request: Request) -> str:
    return lambda_operation(request) if request.service == "lambda" else request.operation or ""
