"""Delete provisioned throughput whose time to live is over, whatever became of the run that bought it.

A one-time schedule calls this; it was made before the throughput was, so that nothing bills without an end. What is
gone already is fine. What is still being created cannot be deleted yet, and is waited for.

Event: ``{"name", "run_id"}``. Result: ``{"deleted"}``.
Errors: ThroughputNotDeleted.
Environment: TOPIC_ARN, TARGET_PARAMETER.
IAM: bedrock:DeleteProvisionedModelThroughput and bedrock:GetProvisionedModelThroughput on the account's provisioned
models; ssm:GetParameter on the parameter; sns:Publish on the topic; kms:Decrypt and kms:GenerateDataKey on its key.
"""

from __future__ import annotations

import time

from lambdas.shared import aws, environment, log
from lambdas.shared.errors import FunctionError, InvalidEvent
from lambdas.shared.fields import Fields
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.notifications import publish
from lambdas.shared.targets import BedrockTarget, read_target

PAUSE_SECONDS = 15.0
RESERVE_MILLIS = 30_000


class ThroughputNotDeleted(FunctionError):
    """It is still there, and bills."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:
    """Delete the throughput and tell the subscribers."""
    fields = Fields(event, "the event", InvalidEvent)
    name, run_id = fields.text("name"), fields.text("run_id")
    log.add(run_id=run_id)
    arn = _arn(name)
    if arn is None:
        return {"deleted": False}
    while not _deleted(name):
        if context.get_remaining_time_in_millis() < RESERVE_MILLIS:
            _warn(name, arn, run_id)
            raise ThroughputNotDeleted(
                f"The provisioned throughput {name} cannot be deleted yet",
                where=arn,
                remedy="It bills by the hour: delete it (aws bedrock delete-provisioned-model-throughput).",
            )
        time.sleep(PAUSE_SECONDS)
    _tell(name, arn, run_id)
    return {"deleted": True}


def _arn(name: str) -> str | None:
    try:
        found = aws.client("bedrock").get_provisioned_model_throughput(provisionedModelId=name)
    except aws.ClientError as failure:
        if aws.error_code(failure) == "ResourceNotFoundException":
            return None
        raise
    return str(found["provisionedModelArn"])


def _deleted(name: str) -> bool:
    try:
        aws.client("bedrock").delete_provisioned_model_throughput(provisionedModelId=name)
    except aws.ClientError as failure:
        code = aws.error_code(failure)
        if code == "ConflictException":
            log.warning("It is not to be deleted yet", reason=aws.error_message(failure))
            return False
        if code != "ResourceNotFoundException":
            raise
    return True


def _warn(name: str, arn: str, run_id: str) -> None:
    """Say that it still bills: nobody reads the log of a function that a schedule calls."""
    lines = [
        f"The provisioned throughput {name} of run {run_id} is over its time to live and cannot be deleted ({arn}).",
        f"Delete it, for it bills: aws bedrock delete-provisioned-model-throughput --provisioned-model-id {arn}",
    ]
    subject = f"Provisioned throughput of run {run_id} is still there"
    publish(environment.required("TOPIC_ARN"), subject, "\n\n".join(lines))


def _tell(name: str, arn: str, run_id: str) -> None:
    target = read_target(environment.required("TARGET_PARAMETER"))
    serves = isinstance(target, BedrockTarget) and target.model_id == arn
    lines = [f"The provisioned throughput {name} of run {run_id} has reached its time to live and was deleted ({arn})."]
    if serves:
        lines.append("It served the approved model: the API answers with 503 until another model is deployed.")
        lines.append("What to do: start a new run, or raise tuning.bedrock.time_to_live_hours.")
    subject = f"Provisioned throughput of run {run_id} was deleted"
    publish(environment.required("TOPIC_ARN"), subject, "\n\n".join(lines))
