"""A private bucket: encrypted, versioned, TLS only, its accesses logged, its objects ageing by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.nag import acknowledge

_ACCESS_LOG_DAYS = 365
_REPLACED_VERSION_DAYS = 30
_ABANDONED_UPLOAD_DAYS = 7


def log_bucket(scope: Construct, construct_id: str, *, removal_policy: cdk.RemovalPolicy) -> s3.Bucket:
    """The bucket for the access logs of other buckets.

    S3 delivers access logs only to buckets that are encrypted with its own keys.
    """
    bucket = s3.Bucket(
        scope,
        construct_id,
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        versioned=True,
        lifecycle_rules=_lifecycle(_ACCESS_LOG_DAYS),
        removal_policy=removal_policy,
    )
    acknowledge(bucket, "S1", "This bucket receives the access logs; logging its own would never end.")
    return bucket


def data_bucket(
    scope: Construct,
    construct_id: str,
    *,
    key: kms.IKey,
    logs: s3.Bucket,
    removal_policy: cdk.RemovalPolicy,
    expire_after_days: int | None = None,
) -> s3.Bucket:
    """A bucket encrypted with `key`, whose objects expire after `expire_after_days`, or never."""
    encryption = {"encryption": s3.BucketEncryption.KMS, "encryption_key": key, "bucket_key_enabled": True}
    return _bucket(scope, construct_id, logs, removal_policy, encryption, expire_after_days)


def page_bucket(
    scope: Construct, construct_id: str, *, logs: s3.Bucket, removal_policy: cdk.RemovalPolicy
) -> s3.Bucket:
    """The bucket for the page's files, which are public once CloudFront has shown them: S3's own key will do."""
    return _bucket(scope, construct_id, logs, removal_policy, {"encryption": s3.BucketEncryption.S3_MANAGED})


def _bucket(
    scope: Construct,
    construct_id: str,
    logs: s3.Bucket,
    removal_policy: cdk.RemovalPolicy,
    encryption: Mapping[str, Any],
    expire_after_days: int | None = None,
) -> s3.Bucket:
    return s3.Bucket(
        scope,
        construct_id,
        **encryption,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        versioned=True,
        server_access_logs_bucket=logs,
        server_access_logs_prefix=f"{construct_id}/",
        lifecycle_rules=_lifecycle(expire_after_days),
        removal_policy=removal_policy,
    )


def _lifecycle(expire_after_days: int | None) -> Sequence[s3.LifecycleRule]:
    expiration = None if expire_after_days is None else cdk.Duration.days(expire_after_days)
    return [
        s3.LifecycleRule(
            id="age",
            expiration=expiration,
            noncurrent_version_expiration=cdk.Duration.days(_REPLACED_VERSION_DAYS),
            abort_incomplete_multipart_upload_after=cdk.Duration.days(_ABANDONED_UPLOAD_DAYS),
        )
    ]
