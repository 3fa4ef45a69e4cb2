"""Which errors of a task pass by themselves, by the names that Step Functions reports them under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn

# Names of the SDK's error classes by service, as Step Functions reports them.
_ERROR_PREFIXES = {
    "bedrock": "Bedrock",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "glue": "Glue",
    "sagemaker": "SageMaker",
    "scheduler": "Scheduler",
    "ssm": "Ssm",
}
LAMBDA_ERRORS = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
_PASSING = {
    # These two declare what passes by itself, by names of its own.
    "bedrock": ("Bedrock.ThrottlingException", "Bedrock.InternalServerException"),
    "scheduler": ("Scheduler.ThrottlingException", "Scheduler.InternalServerException"),
}


@dataclass(frozen=True)
class Patience:
    """Errors that mean "not yet": how often to try again, and at what interval."""

    errors: tuple[str, ...]
    interval: cdk.Duration
    attempts: int

    def give(self, task: sfn.TaskStateBase) -> None:
        """Have `task` wait and try again."""
        task.add_retry(errors=list(self.errors), interval=self.interval, max_attempts=self.attempts, backoff_rate=1)


@dataclass(frozen=True)
class Passing:
    """Errors of an API call that pass by themselves, beside those of the network.

    The SDK reports throttling and refusals alike as `<Service>.<Service>Exception`: `refusals` is False for calls that
    read the refusal.
    """

    errors: Sequence[str] = ()
    refusals: bool = True

    def names(self, service: str) -> list[str]:
        """Give all of them for a call to `service`, a name such as `ssm`."""
        prefix = _ERROR_PREFIXES[service]
        names = [f"{prefix}.SdkClientException", *_PASSING.get(service, ()), *self.errors]
        return [*names, f"{prefix}.{prefix}Exception"] if self.refusals else names


REFUSALS = Passing()
