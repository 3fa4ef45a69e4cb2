"""KMS keys as requests name them, and those that stand behind objects, buckets, topics and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator, responses
from ministack.services import dynamodb, kms, s3, sns

from twin.emulator.hooks.services import Json

_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


def key_arn(named: str) -> str:
    """The ARN of the key that an id, an alias or an ARN names; what names no key becomes an ARN as it stands."""
    if key := kms._resolve_key(named):
        return str(key["Arn"])
    if named.startswith("arn:"):
        return named
    resource = named if named.startswith("alias/") else f"key/{named}"
    return f"arn:aws:kms:{responses.get_region()}:{responses.get_account_id()}:{resource}"


def key_state(arn: str) -> str | None:
    """The state of a key (`Enabled`, `Disabled`, `PendingDeletion`), or None where there is none with this ARN."""
    key = kms._resolve_key(arn)
    return str(key["KeyState"]) if key else None


def service_may_use_key(principal: str, action: str, arn: str, region: str, keys: Mapping[str, Any]) -> bool:
    """Whether a key's policy lets a service (`indexing.s3vectors.amazonaws.com`) do something with it.

    `keys` are those that conditions see, such as `aws:SourceArn`.
    """
    policy, account = kms.key_policy_for_arn(arn) or ("", "")
    context = iam_evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account=account,
        action=action,
        resource_arn=arn,
        region=region,
        service_context={name.lower(): value for name, value in keys.items()},
    )
    return bool(iam_evaluator.evaluate_resource_policy(policy, context, service=principal).decision == "Allow")


def key_of_ciphertext(blob: str) -> str | None:
    """The id of the key that a symmetric ciphertext (base64) says it was made with, or None."""
    return iam_actions._kms_key_id_from_ciphertext(blob) or None


def bucket_key(bucket: str) -> str | None:
    """The key that a bucket encrypts its objects with by default, or None where that is S3's own."""
    key: str | None = s3._bucket_default_sse_headers(bucket).get(_KEY_HEADER)
    return key


def object_key(bucket: str, key: str, version: str | None = None) -> str | None:
    """The key that an object was encrypted with, or None; also where there is no such object."""
    versions = s3._object_versions.get((bucket, key)) or []
    kept = next((one for one in versions if one["version_id"] == version), None) if version else None
    return _stored_key(kept or ((s3._buckets.get(bucket) or {}).get("objects") or {}).get(key))


def upload_key(upload_id: str) -> str | None:
    """The key that an upload in parts was begun with, or None."""
    return _stored_key(s3._multipart_uploads.get(upload_id))


def _stored_key(stored: Json | None) -> str | None:
    key: str | None = ((stored or {}).get("preserved_headers") or {}).get(_KEY_HEADER)
    return key


def topic_key(topic_arn: str) -> str | None:
    """The key that a topic encrypts its messages with, or None."""
    topic = sns._topics.get(topic_arn)
    key: str | None = topic["attributes"].get("KmsMasterKeyId") if topic else None
    return key


def table_key(named: str) -> str | None:
    """The key that a table, by its name or ARN, was encrypted with, or None where that is DynamoDB's own."""
    table = dynamodb._tables.get(named.rpartition("/")[2])
    described = (table or {}).get("SSEDescription") or {}
    key: str | None = described.get("KMSMasterKeyArn") if described.get("Status") == "ENABLED" else None
    return key
