"""How long things stay: logs for a month, and what the stacks hold for as long as they live.

`prod` keeps its data when a stack is deleted, but for what is made of it and bills by the hour. Elsewhere deletion
means deletion; CloudFormation cannot delete a bucket that holds objects, so `fourfold destroy` empties the buckets
first.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.settings import Settings

LOG_RETENTION = logs.RetentionDays.ONE_MONTH


def removal_policy(settings: Settings) -> cdk.RemovalPolicy:
    """What becomes of stateful resources when their stack is deleted."""
    return cdk.RemovalPolicy.RETAIN if settings.environment == "prod" else cdk.RemovalPolicy.DESTROY


def log_group(scope: Construct, construct_id: str, key: kms.IKey, *, name: str | None = None) -> logs.LogGroup:
    """A log group that is encrypted with `key`, expires, and goes with its stack: logs are no data of record.

    `name` is for a group that a service would otherwise make by itself: to be kept for ever, and left behind.
    """
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        encryption_key=key,
        retention=LOG_RETENTION,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
