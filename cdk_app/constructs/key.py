"""The customer-managed key that everything is encrypted with."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

_PUBLISHERS = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")


def encryption_key(
    scope: Construct,
    construct_id: str,
    *,
    alias: str,
    removal_policy: cdk.RemovalPolicy,
    nova_throughput: bool = False,
) -> kms.IKey:
    """A key that rotates every year; the account's identity policies say who may use it.

    Services that act for nobody's role (log groups, log delivery, alarms, budgets) are named in the key's own
    policy, each for this account's resources alone. What is returned knows the key by its ARN only: constructs
    that use it would otherwise write wider statements into that policy. With `nova_throughput`, Bedrock may make
    ready what throughput serves of a customized Nova model.
    """
    key = kms.Key(
        scope,
        construct_id,
        alias=alias,
        description=f"Encrypts the data, models, logs and messages of {alias}.",
        enable_key_rotation=True,
        pending_window=cdk.Duration.days(7),
        removal_policy=removal_policy,
    )
    key.add_to_resource_policy(_log_groups())
    key.add_to_resource_policy(_log_delivery())
    key.add_to_resource_policy(_publishers())
    key.add_to_resource_policy(_vector_indexing())
    if nova_throughput:
        key.add_to_resource_policy(_nova_throughput())
    return kms.Key.from_key_arn(scope, f"{construct_id}ByArn", key.key_arn)


def _log_groups() -> iam.PolicyStatement:
    here = f"arn:{cdk.Aws.PARTITION}:logs:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}"
    return iam.PolicyStatement(
        sid="LogGroupsOfThisAccount",
        principals=[iam.ServicePrincipal(f"logs.{cdk.Aws.REGION}.amazonaws.com")],
        actions=[
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:DescribeKey",
        ],
        resources=["*"],  # in a key's own policy, the key
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"{here}:log-group:*"}},
    )


def _log_delivery() -> iam.PolicyStatement:
    """Step Functions hands an encrypted execution log to this service."""
    return iam.PolicyStatement(
        sid="LogDeliveryInThisAccount",
        principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
        actions=["kms:Decrypt"],
        resources=["*"],  # in a key's own policy, the key
        conditions={
            "StringEquals": {
                # The asterisk stands in the context itself; it is no pattern.
                "kms:EncryptionContext:SourceArn": (
                    f"arn:{cdk.Aws.PARTITION}:logs:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:*"
                )
            }
        },
    )


def _publishers() -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="AlarmsAndBudgetsOfThisAccount",
        principals=[iam.ServicePrincipal(service) for service in _PUBLISHERS],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],  # in a key's own policy, the key
        conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
    )


def _vector_indexing() -> iam.PolicyStatement:
    """S3 Vectors keeps an encrypted index in order, in nobody's name."""
    here = f"arn:{cdk.Aws.PARTITION}:s3vectors:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}"
    return iam.PolicyStatement(
        sid="VectorIndexesOfThisAccount",
        principals=[iam.ServicePrincipal("indexing.s3vectors.amazonaws.com")],
        actions=["kms:Decrypt"],
        resources=["*"],  # in a key's own policy, the key
        conditions={
            "StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": f"{here}:bucket/*"},
        },
    )


def _nova_throughput() -> iam.PolicyStatement:
    """Bedrock optimizes a customized Nova model for its throughput, in nobody's name.

    This is AWS's own statement. It names no account, because AWS does not say that these requests carry one; with
    another account's request the key would still have to be named by a custom model, which takes a permission here.
    """
    return iam.PolicyStatement(
        sid="ThroughputOfCustomizedNova",
        principals=[iam.ServicePrincipal("bedrock.amazonaws.com")],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],  # in a key's own policy, the key
        conditions={"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}},
    )
