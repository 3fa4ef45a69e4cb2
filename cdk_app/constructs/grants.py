"""Permissions with exact actions, on exact resources.

CDK's own `bucket.grant_read` and friends emit action wildcards (`s3:GetObject*`, `s3:List*`,
`kms:GenerateDataKey*`) and, given no pattern, the whole bucket. These helpers name every action, take the
prefix they are for, and add what the objects' key needs. Each adds statements to the role's own policy: the key
and the bucket trust the account, so no resource policy has to name the role and no stacks depend in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm


def allow(role: iam.Role, actions: Sequence[str], resources: Sequence[str]) -> None:
    """Allow `actions` on `resources`, and nothing more."""
    raise NotImplementedError


def read_objects(role: iam.Role, bucket: s3.Bucket, prefix: str = "*", *, key: kms.Key) -> None:
    """Read, and list, the objects under `prefix` (a key pattern such as `run=*`), decrypting with `key`."""
    raise NotImplementedError


def write_objects(role: iam.Role, bucket: s3.Bucket, prefix: str = "*", *, key: kms.Key) -> None:
    """Write objects under `prefix`, in one part or several, encrypting with `key`. Neither read nor delete."""
    raise NotImplementedError


def delete_objects(role: iam.Role, bucket: s3.Bucket, prefix: str = "*") -> None:
    """Delete objects under `prefix`."""
    raise NotImplementedError


def read_asset(role: iam.Role, asset: s3_assets.Asset) -> None:
    """Read one file asset from the bootstrap bucket."""
    raise NotImplementedError


def read_parameter(role: iam.Role, parameter: ssm.StringParameter) -> None:
    """`ssm:GetParameter` on one parameter."""
    raise NotImplementedError


def publish(role: iam.Role, topic: sns.Topic, *, key: kms.Key) -> None:
    """Publish to a topic that is encrypted with `key`."""
    raise NotImplementedError
