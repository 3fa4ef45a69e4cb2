"""Who may change what is served: one item of one DynamoDB table, which names the execution that holds it.

An execution holds the roll-out only while it runs. So nobody has to give it back, and a run that was stopped in
the middle blocks nobody. The claim is one conditional write: of two runs that saw the same holder, one gets it.
"""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.shared import aws

KEY = {"name": {"S": "rollout"}}
# What Step Functions says of an execution that it has forgotten, ninety days after its end.
FORGOTTEN = "ExecutionDoesNotExist"


class LostClaim(Exception):
    """Another execution was quicker."""


@dataclass(frozen=True)
class RolloutLock:
    """The lock in `table`."""

    table: str

    def holder(self) -> str | None:
        """Give the ARN of the execution that claimed the roll-out last, running or not."""
        item = aws.client("dynamodb").get_item(TableName=self.table, Key=KEY, ConsistentRead=True).get("Item", {})
        return str(item["holder"]["S"]) if "holder" in item else None

    def claim(self, execution_arn: str, *, former: str | None) -> None:
        """Name `execution_arn` the holder, if `former` still is.

        Raises:
            LostClaim: it no longer is.
        """
        free = "attribute_not_exists(holder)" if former is None else "holder = :former"
        values = {":holder": {"S": execution_arn}} | ({":former": {"S": former}} if former is not None else {})
        try:
            aws.client("dynamodb").update_item(
                TableName=self.table,
                Key=KEY,
                UpdateExpression="SET holder = :holder",
                ConditionExpression=free,
                ExpressionAttributeValues=values,
            )
        except aws.ClientError as refusal:
            if aws.error_code(refusal) != "ConditionalCheckFailedException":
                raise
            raise LostClaim from None


def is_running(execution_arn: str) -> bool:
    """Say whether an execution still runs."""
    try:
        # Input and output are encrypted with the project's key, and not asked for: the status is not.
        described = aws.client("stepfunctions").describe_execution(
            executionArn=execution_arn, includedData="METADATA_ONLY"
        )
    except aws.ClientError as refusal:
        if aws.error_code(refusal) == FORGOTTEN:
            return False
        raise
    return str(described["status"]) in {"RUNNING", "PENDING_REDRIVE"}
