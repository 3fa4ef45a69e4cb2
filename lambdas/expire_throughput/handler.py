"""Delete provisioned throughput whose time to live is over, whatever became of the run that bought it.

A one-time schedule calls this; it was made before the throughput was, so that nothing bills without an end. What is
gone already is fine, and told only where the gateway still asks it: so a second attempt tells what a first one could
not. What is still being created cannot be deleted yet, and is waited for. It may outlive its stack, and then tells
nobody: the log is all that is left.

Event: ``{"name", "run_id"}``. Result: ``{"deleted"}``.
Errors: ThroughputNotDeleted, SubscribersNotTold.
Environment: TOPIC_ARN, TARGET_PARAMETER.
IAM: bedrock:DeleteProvisionedModelThroughput and bedrock:GetProvisionedModelThroughput on the account's provisioned
models, the first on those with the workflow's tags; ssm:GetParameter on the parameter; sns:Publish on the topic;
kms:Decrypt and kms:GenerateDataKey on its key.
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


class SubscribersNotTold(FunctionError):
    """The throughput is gone, and nobody has heard of it."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:
    """Delete the throughput and tell the subscribers."""
    fields = Fields(event, "the event", InvalidEvent)
    name, run_id = fields.text("name"), fields.text("run_id")
    log.add(run_id=run_id)
    arn = _arn(name)
    while arn is not None and not _deleted(name, arn):
        if context.get_remaining_time_in_millis() < RESERVE_MILLIS:
            raise _not_deleted(name, arn, run_id)
        time.sleep(PAUSE_SECONDS)
    serves = _serves(run_id)
    if arn is not None or serves:
        _tell(name, run_id, serves=serves)
    return {"deleted": arn is not None}


def _arn(name: str) -> str | None:
    try:
        found = aws.client("bedrock").get_provisioned_model_throughput(provisionedModelId=name)
    except aws.ClientError as failure:
        if aws.error_code(failure) == "ResourceNotFoundException":
            return None
        raise
    return str(found["provisionedModelArn"])


def _deleted(name: str, arn: str) -> bool:
    try:
        aws.client("bedrock").delete_provisioned_model_throughput(provisionedModelId=arn)
    except aws.ClientError as failure:
        code = aws.error_code(failure)
        if code == "ConflictException":
            log.warning("It is not to be deleted yet", reason=aws.error_message(failure))
            return False
        # What somebody else has deleted meanwhile has no tags, by which the permission goes: it is denied, not missed.
        if _arn(name) is not None:
            raise
    return True


def _serves(run_id: str) -> bool:
    """Whether the gateway asks the run's throughput; what cannot be read keeps nobody from being told the rest."""
    try:
        target = read_target(environment.required("TARGET_PARAMETER"))
    except (FunctionError, *aws.CALL_ERRORS) as failure:
        log.error("Which model is approved cannot be read", reason=str(failure))
        return False
    return isinstance(target, BedrockTarget) and target.serving == "provisioned" and target.run_id == run_id


def _not_deleted(name: str, arn: str, run_id: str) -> ThroughputNotDeleted:
    """Say that it still bills: nobody reads the log of a function that a schedule calls."""
    lines = [
        f"The provisioned throughput {name} of run {run_id} is over its time to live and cannot be deleted ({arn}).",
        f"Delete it, for it bills: aws bedrock delete-provisioned-model-throughput --provisioned-model-id {arn}",
    ]
    try:
        publish(
            environment.required("TOPIC_ARN"), f"Provisioned throughput of run {run_id} is still there", _text(lines)
        )
    except aws.CALL_ERRORS as failure:
        log.error("The subscribers could not be told", reason=str(failure))
    return ThroughputNotDeleted(
        f"The provisioned throughput {name} cannot be deleted yet",
        where=arn,
        remedy="It bills by the hour: delete it (aws bedrock delete-provisioned-model-throughput).",
    )


def _tell(name: str, run_id: str, *, serves: bool) -> None:
    lines = [f"The provisioned throughput {name} of run {run_id} has reached its time to live and is deleted."]
    if serves:
        lines.append("It served the approved model: the API answers with 503 until another model is deployed.")
        lines.append("What to do: start a new run, or raise tuning.bedrock.time_to_live_hours.")
    try:
        publish(environment.required("TOPIC_ARN"), f"Provisioned throughput of run {run_id} was deleted", _text(lines))
    except aws.CALL_ERRORS as failure:
        raise SubscribersNotTold(
            f"The subscribers could not be told: {failure}. The message reads: {' '.join(lines)}",
            where=environment.required("TOPIC_ARN"),
            remedy="Nothing bills any more. If the stack is gone, delete this function; otherwise see to the topic.",
        ) from failure


def _text(lines: list[str]) -> str:
    return "\n\n".join(lines)
