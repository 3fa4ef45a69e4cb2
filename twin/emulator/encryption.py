"""The permissions on KMS keys that encrypted objects, topics and tables ask of their users, as on AWS.

The emulator lets anyone who may use a bucket use its key. On AWS both are judged, and a missing key
permission is the commoner mistake. What is read is judged on the key that it was written with, what is written on
the key that the request names, or else on the bucket's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from twin.emulator import hooks
from twin.emulator.hooks import Permission, Request

DECRYPT, GENERATE = "kms:Decrypt", "kms:GenerateDataKey"
# Requests on an object that do not touch its content.
_ABOUT_OBJECTS = {"acl", "attributes", "legal-hold", "retention", "tagging", "torrent"}
_ENCRYPTION = "x-amz-server-side-encryption"
_ON_ITEMS = {
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
}
# AWS's own keys let everyone use them who may use the service.
_OWN_TO_AWS = "alias/aws/"


def register() -> None:
    """Enforce them."""
    hooks.override("logs", "AssociateKmsKey", associate_log_key)
    hooks.require("s3", of_objects)
    hooks.require("sns", of_messages)
    hooks.require("dynamodb", of_items)


def of_objects(request: Request) -> Iterable[Permission]:
    """What reading or writing an object needs beyond the permission on the object."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    if not key or _ABOUT_OBJECTS & set(request.query):
        return
    if upload := _queried(request, "uploadId"):
        yield from _on(hooks.upload_key(upload), *_in_parts(request))
    elif request.method == "GET" or "select" in request.query:
        yield from _on(hooks.object_key(bucket, key, _queried(request, "versionId")), DECRYPT)
    elif request.method == "PUT" or "uploads" in request.query:
        yield from _on(_key_to_write_with(request, bucket), GENERATE)
    if source := _header(request, "x-amz-copy-source"):
        yield from _on(_key_of_source(source), DECRYPT)


def _in_parts(request: Request) -> tuple[str, ...]:
    """What a part, and putting the parts together, needs; listing them and giving up need nothing."""
    return {"PUT": (DECRYPT, GENERATE), "POST": (DECRYPT,)}.get(request.method, ())


def _key_to_write_with(request: Request, bucket: str) -> str | None:
    if _header(request, _ENCRYPTION) == "aws:kms":
        return _header(request, f"{_ENCRYPTION}-aws-kms-key-id") or hooks.bucket_key(bucket)
    if _header(request, _ENCRYPTION) or _header(request, f"{_ENCRYPTION}-customer-algorithm"):
        return None  # S3's own key, or one that the caller sends along
    return hooks.bucket_key(bucket)


def _key_of_source(source: str) -> str | None:
    address, _, query = source.partition("?")
    bucket, _, key = unquote(address).lstrip("/").partition("/")
    return hooks.object_key(bucket, key, parse_qs(query).get("versionId", [None])[0])


def _header(request: Request, name: str) -> str:
    """A header's value; URLs that are signed in advance carry those of S3 as parameters."""
    hoisted = [values[0] for key, values in request.query.items() if key.lower() == name]
    return request.headers.get(name) or (hoisted[0] if hoisted else "")


def _queried(request: Request, key: str) -> str | None:
    values = request.query.get(key)
    return values[0] if values else None


def of_messages(request: Request) -> Iterable[Permission]:
    """What publishing to an encrypted topic needs beyond sns:Publish."""
    if request.operation in ("Publish", "PublishBatch"):
        given = request.parameters
        key = hooks.topic_key(given.get("TopicArn") or given.get("TargetArn", ""))
        yield from _on(key, DECRYPT, GENERATE)


def of_items(request: Request) -> Iterable[Permission]:
    """What using the items of an encrypted table needs: DynamoDB decrypts the table's own key in the caller's name."""
    if request.operation not in _ON_ITEMS:
        return
    via = {"kms:ViaService": f"dynamodb.{request.region}.amazonaws.com"}
    keys = {hooks.table_key(table) for table in _tables(request.parameters)} - {None}
    for key in sorted(str(key) for key in keys):
        if _OWN_TO_AWS not in key:
            yield Permission(DECRYPT, hooks.key_arn(key), via)


def _tables(given: Mapping[str, Any]) -> Iterator[str]:
    """The tables that a request names, one by one, in a batch or in a transaction."""
    if named := given.get("TableName"):
        yield str(named)
    yield from given.get("RequestItems") or {}
    for item in given.get("TransactItems") or []:
        yield from (str(action["TableName"]) for action in item.values() if action.get("TableName"))


def _on(key: str | None, *actions: str) -> Iterable[Permission]:
    if key and _OWN_TO_AWS not in key:
        yield from (Permission(action, hooks.key_arn(key)) for action in actions)


def associate_log_key(request: Request) -> dict[str, str]:
    """AssociateKmsKey, which the emulator lacks: the caller's permission is judged, the key recorded nowhere."""
    if not request.parameters.get("kmsKeyId", "").startswith("arn:aws:kms:"):
        raise hooks.ServiceError("InvalidParameterException", "kmsKeyId must be the ARN of a KMS key.")
    return {}
