"""Permissions with exact actions, on exact resources.

CDK's own `bucket.grant_read` and friends emit action wildcards (`s3:GetObject*`, `s3:List*`,
`kms:GenerateDataKey*`) and, given no pattern, the whole bucket. These helpers name every action, take the
prefix they are for, and add what the objects' key needs. Each adds statements to the role's own policy: the key
and the bucket trust the account, so no resource policy has to name the role and no stacks depend in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct, IConstruct

from cdk_app.nag import acknowledge_resource

NAMED_AT_RUN_TIME = "What it covers is named by the run that makes it; the pattern ends where the name begins."


def allow(
    role: iam.Role,
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    reason: str | None = None,
    conditions: Mapping[str, Any] | None = None,
) -> None:
    """Allow `actions` on `resources`, and nothing more.

    `reason` says why a resource cannot be named. An ARN with a pattern in it has one by default; the bare `*`
    has none, and is for actions that know no resource level.

    Raises:
        ValueError: an action is a wildcard, or a resource is `*` and no reason is given.
    """
    if wildcards := [action for action in actions if "*" in action]:
        raise ValueError(f"{role.node.path}: name each action of {', '.join(wildcards)}.")
    if "*" in resources and not reason:
        raise ValueError(f"{role.node.path}: {', '.join(actions)} on every resource needs its reason.")
    for resource in resources:
        if "*" in resource:
            acknowledge_resource(role, resource, reason or NAMED_AT_RUN_TIME)
    role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions))


def read_objects(role: iam.Role, bucket: s3.Bucket, prefix: str = "*", *, key: kms.IKey) -> None:
    """Read the objects under `prefix` (a key pattern such as `run=*`), decrypting with `key`; list the keys."""
    list_objects(role, bucket)
    allow(role, ["s3:GetObject"], [_objects(bucket, prefix)])
    allow(role, ["kms:Decrypt"], [key.key_arn])


def list_objects(role: iam.Role, bucket: s3.Bucket) -> None:
    """List the keys of a bucket; without it, a missing object looks like a forbidden one."""
    allow(role, ["s3:ListBucket"], [bucket.bucket_arn])


def write_objects(role: iam.Role, bucket: s3.Bucket, prefix: str = "*", *, key: kms.IKey) -> None:
    """Write objects under `prefix`, in one part or several, encrypting with `key`. Neither read nor delete."""
    allow(role, ["s3:PutObject", "s3:AbortMultipartUpload"], [_objects(bucket, prefix)])
    # S3 decrypts the data key again for each part of an upload in several parts.
    allow(role, ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn])


def delete_objects(role: iam.Role, bucket: s3.Bucket, prefix: str = "*") -> None:
    """Delete objects under `prefix`."""
    allow(role, ["s3:DeleteObject"], [_objects(bucket, prefix)])


def delete_versions(role: iam.Role, bucket: s3.Bucket) -> None:
    """List and delete every version of a bucket's objects, and what marks them as deleted: for good."""
    allow(role, ["s3:ListBucketVersions"], [bucket.bucket_arn])
    allow(role, ["s3:DeleteObjectVersion"], [_objects(bucket, "*")])


def read_asset(role: iam.Role, asset: s3_assets.Asset) -> None:
    """Read one file asset from the bootstrap bucket."""
    arn = f"arn:{cdk.Aws.PARTITION}:s3:::{asset.s3_bucket_name}/{asset.s3_object_key}"
    allow(role, ["s3:GetObject"], [arn])


def read_parameter(role: iam.Role, parameter: ssm.StringParameter) -> None:
    """`ssm:GetParameter` on one parameter."""
    allow(role, ["ssm:GetParameter"], [parameter.parameter_arn])


def publish(role: iam.Role, topic: sns.Topic, *, key: kms.IKey) -> None:
    """Publish to a topic that is encrypted with `key`."""
    allow(role, ["sns:Publish"], [topic.topic_arn])
    allow(role, ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn])


def through_service(service: str) -> dict[str, dict[str, str]]:
    """The condition that `service` (such as `dynamodb`), and nobody else, uses a key in a role's name."""
    return {"StringEquals": {"kms:ViaService": f"{service}.{cdk.Aws.REGION}.amazonaws.com"}}


def service_role(scope: Construct, construct_id: str, service: str, description: str) -> iam.Role:
    """A role that `service` (such as `glue`) may take on for this account's own resources, and for no other's."""
    principal = iam.ServicePrincipal(
        f"{service}.amazonaws.com",
        conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
    )
    return iam.Role(scope, construct_id, assumed_by=principal, description=description)


def closed_role(role: iam.Role) -> iam.IRole:
    """`role` as CDK's constructs may use it: by its ARN, and without adding permissions of their own to it."""
    return iam.Role.from_role_arn(role, "Closed", role.role_arn, mutable=False)


def policy_of(role: iam.Role) -> IConstruct:
    """The policy that holds what `role` was granted so far, for those who must wait until it is in force."""
    return role.node.find_child("DefaultPolicy")


def _objects(bucket: s3.Bucket, prefix: str) -> str:
    return f"{bucket.bucket_arn}/{prefix}"
