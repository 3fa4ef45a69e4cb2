"""The KMS keys that stand behind buckets and topics."""

from __future__ import annotations

from ministack.services import s3, sns


def bucket_key(bucket: str) -> str | None:
    """The key that a bucket encrypts its objects with by default, or None where that is S3's own."""
    headers = s3._bucket_default_sse_headers(bucket)
    key: str | None = headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    return key


def topic_key(topic_arn: str) -> str | None:
    """The key that a topic encrypts its messages with, or None."""
    topic = sns._topics.get(topic_arn)
    key: str | None = topic["attributes"].get("KmsMasterKeyId") if topic else None
    return key
