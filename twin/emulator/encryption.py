"""The permissions on KMS keys that encrypted buckets and topics ask of their users, as on AWS.

The emulator lets anyone who may use a bucket use its key. On AWS both are judged, and a missing key
permission is the commoner mistake.
"""

from __future__ import annotations

from collections.abc import Iterable

from twin.emulator import hooks
from twin.emulator.hooks import Permission, Request

DECRYPT, GENERATE = "kms:Decrypt", "kms:GenerateDataKey"
# Requests on an object that do not touch its content.
_ABOUT_OBJECTS = {"acl", "attributes", "legal-hold", "retention", "tagging", "torrent"}


def register() -> None:
    """Enforce them."""
    hooks.override("logs", "AssociateKmsKey", associate_log_key)
    hooks.require("s3", of_objects)
    hooks.require("sns", of_messages)


def of_objects(request: Request) -> Iterable[Permission]:
    """What reading or writing an object needs beyond the permission on the object."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    if not key or _ABOUT_OBJECTS & set(request.query):
        return
    if source := request.headers.get("x-amz-copy-source"):
        yield from _on(hooks.bucket_key(source.lstrip("/").partition("/")[0]), DECRYPT)
    yield from _on(hooks.bucket_key(bucket), *_actions(request))


def _actions(request: Request) -> tuple[str, ...]:
    in_parts = "uploadId" in request.query
    match request.method:
        case "GET":
            return () if in_parts else (DECRYPT,)
        case "PUT":
            return (DECRYPT, GENERATE) if in_parts else (GENERATE,)
        case "POST":
            return (DECRYPT,) if in_parts else (GENERATE,)
    return ()


def of_messages(request: Request) -> Iterable[Permission]:
    """What publishing to an encrypted topic needs beyond sns:Publish."""
    if request.operation in ("Publish", "PublishBatch"):
        key = hooks.topic_key(request.parameters.get("TopicArn", ""))
        yield from _on(key, DECRYPT, GENERATE)


def _on(key: str | None, *actions: str) -> Iterable[Permission]:
    if key and key.startswith("arn:"):
        yield from (Permission(action, key) for action in actions)


def associate_log_key(request: Request) -> dict[str, str]:
    """AssociateKmsKey, which the emulator lacks: the caller's permission is judged, the key recorded nowhere."""
    if not request.parameters.get("kmsKeyId", "").startswith("arn:aws:kms:"):
        raise hooks.ServiceError("InvalidParameterException", "kmsKeyId must be the ARN of a KMS key.")
    return {}
