"""Which permission a request to S3 Vectors needs: on the bucket, or on the index.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twin.emulator.hooks import Permission, Request, ServiceError
from twin.s3vectors import store
from twin.s3vectors.calls import operation_of, parameters_of
from twin.s3vectors.encryption import CONTEXT
from twin.s3vectors.names import named, target_of_arn

# What reads or writes vectors needs the key that they are encrypted with, what makes a bucket or an index its own.
_ON_VECTORS = ("PutVectors", "GetVectors", "ListVectors", "QueryVectors", "DeleteVectors")
_CREATIONS = ("CreateVectorBucket", "CreateIndex")
# What shows more of vectors than keys and distances needs the permission to get them, too.
_TELLING = {"QueryVectors": ("filter", "returnMetadata"), "ListVectors": ("returnData", "returnMetadata")}


def s3vectors_action(request: Request) -> str | None:
    """`s3vectors:<Operation>`."""
    return f"s3vectors:{operation_of(request) or 'UnknownOperation'}"


def s3vectors_resource(request: Request) -> str:
    """The ARN of the bucket, or of the index, that the request names."""
    target = named(request, _given(request))
    return target.arn if target else "*"


def further_s3vectors(request: Request) -> Iterable[Permission]:
    """The permissions to get vectors, to tag what is made, and on the key."""
    operation, given = operation_of(request), _given(request)
    arn = s3vectors_resource(request)
    if any(given.get(name) not in (None, False) for name in _TELLING.get(operation or "", ())):
        yield Permission("s3vectors:GetVectors", arn)
    if operation in _CREATIONS and (tags := _object(given, "tags")):
        asked = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        yield Permission("s3vectors:TagResource", arn, {**asked, "aws:TagKeys": list(tags)})
    via = {"kms:ViaService": f"s3vectors.{request.region}.amazonaws.com", **CONTEXT}
    if operation in _CREATIONS and (key := _object(given, "encryptionConfiguration").get("kmsKeyArn")):
        yield Permission("kms:GenerateDataKey", str(key), via)
    if operation in _ON_VECTORS:
        index = store.find_index(target_of_arn(arn))
        if index and (key := index.encryption.get("kmsKeyArn")):
            yield Permission("kms:Decrypt", key, via)


def _given(request: Request) -> dict[str, Any]:
    """The parameters; none of a body that cannot be read, which the service then refuses."""
    try:
        return parameters_of(request)
    except ServiceError:
        return {}


def _object(given: dict[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    return value if isinstance(value, dict) else {}
