"""API calls of a task, made as the state machine's role."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.model import OperationModel

from twin import credentials
from twin.emulator.hooks import RoleNotAssumableError, Task, TaskFailedError
from twin.shapes import service_model
from twin.stepfunctions.naming import UnknownMemberError, in_states, to_api, to_states

# Service names in `aws-sdk:` integrations: boto3's name for it, and the prefix of its errors.
SERVICES = {
    "apigateway": ("apigateway", "ApiGateway"),
    "bedrock": ("bedrock", "Bedrock"),
    "bedrockruntime": ("bedrock-runtime", "BedrockRuntime"),
    "cloudformation": ("cloudformation", "CloudFormation"),
    "cloudwatch": ("cloudwatch", "CloudWatch"),
    "cloudwatchlogs": ("logs", "CloudWatchLogs"),
    "dynamodb": ("dynamodb", "DynamoDb"),
    "eventbridge": ("events", "EventBridge"),
    "glue": ("glue", "Glue"),
    "iam": ("iam", "Iam"),
    "kms": ("kms", "Kms"),
    "lambda": ("lambda", "Lambda"),
    "s3": ("s3", "S3"),
    "sagemaker": ("sagemaker", "SageMaker"),
    "sagemakerruntime": ("sagemaker-runtime", "SageMakerRuntime"),
    "scheduler": ("scheduler", "Scheduler"),
    "secretsmanager": ("secretsmanager", "SecretsManager"),
    "sfn": ("stepfunctions", "Sfn"),
    "sns": ("sns", "Sns"),
    "sqs": ("sqs", "Sqs"),
    "ssm": ("ssm", "Ssm"),
}


@dataclass(frozen=True)
class ErrorNames:
    """How a service's errors are named: the `prefix` before the dot, and the error where the API declares none.

    That one is the base exception of the service's Java SDK. The optimized integrations go by the SDK's first
    version, where Lambda's is AWSLambdaException; `aws-sdk:` integrations by the second: LambdaException.
    """

    prefix: str
    base: str


def client_of(task: Task, service: str) -> Any:
    """A boto3 client that acts as the state machine's role, in a session named by the execution.

    Raises TaskFailedError when the role cannot be assumed.
    """
    try:
        return _client(task.role_arn, service, task.execution_arn.rpartition(":")[2])
    except RoleNotAssumableError as error:
        raise TaskFailedError("States.Runtime", str(error)) from error


@lru_cache(maxsize=64)
def _client(role_arn: str, service: str, session_name: str) -> Any:
    return credentials.client_as(role_arn, service, session_name, "states.amazonaws.com")


def call_sdk(task: Task, sdk_name: str, action: str, parameters: dict[str, Any]) -> Any:
    """Call `aws-sdk:<sdk_name>:<action>` with a state machine's parameters; the answer is in its spelling.

    Raises TaskFailedError with Step Functions' name for the API's error.
    """
    service, prefix = SERVICES[sdk_name]
    operation = operation_of(sdk_name, action)
    if operation is None:
        raise TaskFailedError("States.Runtime", f"{sdk_name} has no action {action} ({task.resource}).")
    shape = operation.input_shape
    try:
        given = to_api(parameters, shape) if shape else {}
    except UnknownMemberError as error:
        raise TaskFailedError("States.Runtime", f"{task.resource}: {error}") from error
    result = call(client_of(task, service), operation.name, given, ErrorNames(prefix, f"{prefix}Exception"))
    return to_states(result, operation.output_shape) if operation.output_shape else {}


def operation_of(sdk_name: str, action: str) -> OperationModel | None:
    """The API operation that an action names: `describeStacks`, in exactly this case, is DescribeStacks."""
    model = service_model(SERVICES[sdk_name][0])
    name = action[0].upper() + action[1:]
    return model.operation_model(name) if name != action and name in model.operation_names else None


def call(client: Any, operation: str, parameters: dict[str, Any], names: ErrorNames) -> dict[str, Any]:
    """Call an operation by its API name with the API's own parameter names.

    Raises TaskFailedError `<prefix>.<Code>`; what the API does not declare is `<prefix>.<base>`.
    """
    method = getattr(client, xform_name(operation))
    try:
        answer: dict[str, Any] = method(**parameters)
    except ClientError as error:
        raise _failure(client, operation, error, names) from error
    except ParamValidationError as error:
        raise TaskFailedError("States.Runtime", f"{operation}: {error}") from error
    except BotoCoreError as error:
        raise TaskFailedError(f"{names.prefix}.SdkClientException", str(error)) from error
    answer.pop("ResponseMetadata", None)
    return answer


def _failure(client: Any, operation: str, error: ClientError, names: ErrorNames) -> TaskFailedError:
    code = error.response["Error"]["Code"]
    shapes = client.meta.service_model.operation_model(operation).error_shapes
    declared = {shape.name for shape in shapes} | {shape.metadata.get("error", {}).get("code") for shape in shapes}
    name = in_states(code.rpartition(".")[2]) if code in declared else names.base
    if not name.endswith("Exception"):
        name += "Exception"
    metadata = error.response.get("ResponseMetadata", {})
    cause = (
        f"{error.response['Error'].get('Message', '')} (Service: {names.prefix}, "
        f"Status Code: {metadata.get('HTTPStatusCode')}, Request ID: {metadata.get('RequestId')})"
    )
    return TaskFailedError(f"{names.prefix}.{name}", cause)
