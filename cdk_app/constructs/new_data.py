"""Starts the workflow when a new data set is complete. Off unless the settings ask for it."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

MARKER = "_SUCCESS"
"""Empty object that says a data set is complete, as Hadoop and Spark write it. A data set of several files
would otherwise start a run with each of them."""


class NewDataTrigger(Construct):
    """Starts `state_machine` with the deployed settings when `<dataset>/_SUCCESS` arrives in `bucket`.

    `bucket` is the raw bucket, which no job of ours writes: what a run produces can never start a run.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.Bucket,
        dataset: str,
        state_machine: sfn.StateMachine,
    ) -> None:
        super().__init__(scope, construct_id)
        events.Rule(
            self,
            "Rule",
            description=f"Data set {dataset} is complete: start a run.",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [bucket.bucket_name]}, "object": {"key": [f"{dataset}/{MARKER}"]}},
            ),
            targets=[targets.SfnStateMachine(state_machine, input=events.RuleTargetInput.from_object({}))],
        )
