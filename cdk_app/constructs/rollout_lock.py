"""The lock that lets one run at a time change what is served."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from cdk_app.nag import acknowledge


def rollout_lock(scope: Construct) -> dynamodb.Table:
    """A table of one item, which names the execution that last claimed the roll-out; it costs nothing at rest."""
    table = dynamodb.Table(
        scope,
        "RolloutLock",
        partition_key=dynamodb.Attribute(name="name", type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    acknowledge(table, "DDB3", "The one item is worth nothing once its execution has ended; there is no history.")
    return table
