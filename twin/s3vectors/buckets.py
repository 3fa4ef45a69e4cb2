"""Vector buckets: making, showing, listing and deleting them, and their policies."""

from __future__ import annotations

import json
from typing import Any

from twin.emulator.hooks import Json, Request
from twin.s3vectors import encryption, errors, indexes, store, tags
from twin.s3vectors.names import bucket_arn, bucket_target, check_bucket_name, target_of_arn
from twin.s3vectors.paging import page_of_names

MODE = indexes.MODE
MOST_POLICY_BYTES = 20 * 1024
_STATEMENT = (("Effect",), ("Principal",), ("Action", "NotAction"), ("Resource", "NotResource"))


def create_vector_bucket(request: Request, given: Json) -> Json:
    """CreateVectorBucket."""
    name = given["vectorBucketName"]
    check_bucket_name(name)
    configured = encryption.configured(given.get("encryptionConfiguration"))
    encryption.check_exists(configured)
    bucket = store.Bucket(name, bucket_arn(request, name), configured, tags.checked(given.get("tags")))
    store.add_bucket(request, bucket)
    return {"vectorBucketArn": bucket.arn}


def get_vector_bucket(request: Request, given: Json) -> Json:
    """GetVectorBucket."""
    bucket = store.bucket_of(bucket_target(request, given))
    return {
        "vectorBucket": {**_summary(bucket), "encryptionConfiguration": bucket.encryption, "defaultIndexMode": MODE}
    }


def list_vector_buckets(request: Request, given: Json) -> Json:
    """ListVectorBuckets, by name."""
    return page_of_names("vectorBuckets", store.buckets(request), given, _summary)


def delete_vector_bucket(request: Request, given: Json) -> Json:
    """DeleteVectorBucket."""
    store.remove_bucket(bucket_target(request, given))
    return {}


def put_vector_bucket_default_index_mode(request: Request, given: Json) -> Json:
    """PutVectorBucketDefaultIndexMode: there is one mode here, that of every bucket made today."""
    store.bucket_of(bucket_target(request, given))
    indexes.check_mode(given["defaultIndexMode"])
    return {}


def _summary(bucket: store.Bucket) -> Json:
    return {"vectorBucketName": bucket.name, "vectorBucketArn": bucket.arn, "creationTime": bucket.created}


# ---- policies -------------------------------------------------------------------------------------------


def put_vector_bucket_policy(request: Request, given: Json) -> Json:
    """PutVectorBucketPolicy."""
    bucket = store.bucket_of(bucket_target(request, given))
    check_policy(given["policy"])
    bucket.policy = given["policy"]
    return {}


def get_vector_bucket_policy(request: Request, given: Json) -> Json:
    """GetVectorBucketPolicy."""
    bucket = store.bucket_of(bucket_target(request, given))
    if bucket.policy is None:
        raise errors.not_found("vector bucket policy")
    return {"policy": bucket.policy}


def delete_vector_bucket_policy(request: Request, given: Json) -> Json:
    """DeleteVectorBucketPolicy."""
    store.bucket_of(bucket_target(request, given)).policy = None
    return {}


def check_policy(policy: str) -> None:
    """Refuse what is no policy of a resource, or would not be judged here. Raises ServiceError ValidationException."""
    if len(policy.encode()) > MOST_POLICY_BYTES:
        raise errors.validation(f"The policy must have at most {MOST_POLICY_BYTES} bytes")
    try:
        document = json.loads(policy)
    except ValueError as error:
        raise errors.validation(f"The policy is not JSON: {error}") from error
    listed = document.get("Statement") if isinstance(document, dict) else None
    statements = listed if isinstance(listed, list) else [listed]
    wrong = [f"Statement {at}: {what}" for at, one in enumerate(statements, 1) for what in _wrong_in(one)]
    if wrong:
        raise errors.validation(f"The policy is not valid. {'; '.join(wrong)}")


def _wrong_in(statement: Any) -> list[str]:
    if not isinstance(statement, dict):
        return ["must be an object"]
    wrong = [f"{' or '.join(names)} is missing" for names in _STATEMENT if not any(name in statement for name in names)]
    if statement.get("Effect") not in ("Allow", "Deny"):
        wrong.append("Effect must be Allow or Deny")
    if "NotPrincipal" in statement:
        wrong.append("NotPrincipal is not supported here")
    return wrong


def policy_of(arn: str) -> tuple[str, str] | None:
    """The policy that governs a bucket and its indexes, with its account; None where there is no such bucket.

    A bucket without a policy has an empty one: it lets nobody in from another account.
    """
    bucket = store.find_bucket(target_of_arn(arn).bucket_arn)
    return (bucket.policy or "", arn.split(":")[4]) if bucket else None
