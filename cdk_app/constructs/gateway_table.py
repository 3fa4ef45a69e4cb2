"""The gateway's table: usage, history, documents, feedback and kept answers, each under the caller whose it is."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk_app.constructs.grants import allow, through_service

PARTITION_KEY, SORT_KEY, EXPIRES = "pk", "sk", "expires_at"
_ITEMS = ("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")


def gateway_table(scope: Construct, *, key: kms.IKey, removal_policy: cdk.RemovalPolicy) -> dynamodb.Table:
    """A table that bills by request, encrypted with `key`, whose items may say when they expire."""
    return dynamodb.Table(
        scope,
        "Table",
        partition_key=dynamodb.Attribute(name=PARTITION_KEY, type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name=SORT_KEY, type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        time_to_live_attribute=EXPIRES,
        deletion_protection=removal_policy == cdk.RemovalPolicy.RETAIN,
        removal_policy=removal_policy,
    )


def use_items(role: iam.Role, table: dynamodb.Table, *, key: kms.IKey) -> None:
    """Read and write items one by one, and those of one partition; never scan."""
    allow(role, _ITEMS, [table.table_arn])
    # DynamoDB decrypts the table's own key in the name of whoever asks.
    allow(role, ["kms:Decrypt"], [key.key_arn], conditions=through_service("dynamodb"))
