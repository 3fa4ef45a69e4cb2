"""Properties of buckets and topics that the emulator's CloudFormation leaves aside: their encryption above all."""

from __future__ import annotations

from typing import Any

from twin import credentials
from twin.emulator import hooks

Json = dict[str, Any]

# What the emulator applies, what is applied here, and what is recorded only (see docs/twin.md).
_BUCKET_PROPERTIES = {
    "AccessControl",
    "BucketEncryption",
    "BucketName",
    "CorsConfiguration",
    "LifecycleConfiguration",
    "LoggingConfiguration",
    "NotificationConfiguration",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
    "VersioningConfiguration",
}
_TOPIC_PROPERTIES = {"DisplayName", "KmsMasterKeyId", "Subscription", "Tags", "TopicName"}


def register_storage() -> None:
    """Extend AWS::S3::Bucket and AWS::SNS::Topic."""
    hooks.extend_cfn_resource("AWS::S3::Bucket", after=_encrypt_bucket, before_delete=_delete_bucket)
    hooks.extend_cfn_resource("AWS::SNS::Topic", after=_encrypt_topic)


def refuse_unknown(properties: Json, known: set[str], what: str) -> None:
    """Raise ValueError for the properties of a type that nobody applies here, by name."""
    if unknown := sorted(set(properties) - known):
        raise ValueError(f"The twin does not support {', '.join(unknown)} of {what}.")


def _encrypt_bucket(bucket: str, properties: Json) -> None:
    refuse_unknown(properties, _BUCKET_PROPERTIES, "AWS::S3::Bucket")
    s3 = credentials.client("s3")
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration")
    if not rules:
        s3.delete_bucket_encryption(Bucket=bucket)
        return
    given = [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            "BucketKeyEnabled": str(rule.get("BucketKeyEnabled", False)).lower() == "true",
        }
        for rule in rules
        # The AWS managed key needs no permission, as S3's own does not: the emulator has the latter only.
        if _names_key(rule)
    ]
    if given:
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": given})


def _names_key(rule: Json) -> bool:
    default = rule["ServerSideEncryptionByDefault"]
    return default["SSEAlgorithm"] != "aws:kms" or "KMSMasterKeyID" in default


def _delete_bucket(bucket: str) -> None:
    """Delete the bucket in S3: CloudFormation alone would leave its folder, out of which it comes back later."""
    s3 = credentials.client("s3")
    versions = s3.list_object_versions(Bucket=bucket, MaxKeys=1)
    if versions.get("Versions") or versions.get("DeleteMarkers"):
        raise ValueError(
            f"The bucket you tried to delete is not empty. You must delete all versions in the bucket {bucket}."
        )
    s3.delete_bucket(Bucket=bucket)


def _encrypt_topic(topic_arn: str, properties: Json) -> None:
    refuse_unknown(properties, _TOPIC_PROPERTIES, "AWS::SNS::Topic")
    credentials.client("sns").set_topic_attributes(
        TopicArn=topic_arn,
        AttributeName="KmsMasterKeyId",
        AttributeValue=properties.get("KmsMasterKeyId", ""),
    )
