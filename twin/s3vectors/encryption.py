"""How a bucket or an index is encrypted, and whether its key lets it be.

Here nothing is encrypted. Whoever may not use the key, though, may not use the vectors either: `twin.emulator` asks for
the permissions of the caller, and this module for that of the service and for the state of the key.
"""

from __future__ import annotations

from typing import Any

from twin.emulator import hooks
from twin.emulator.hooks import Request, ServiceError
from twin.s3vectors import errors

PRINCIPAL = "indexing.s3vectors.amazonaws.com"
"""Who keeps indexes in order on AWS, and needs kms:Decrypt for it."""
CONTEXT = {"kms:EncryptionContextKeys": ["aws:s3vectors:arn", "aws:s3vectors:resource-id"]}
_UNUSABLE = {
    None: ("KmsNotFoundException", "Key '{key}' does not exist"),
    "Disabled": ("KmsDisabledException", "Key '{key}' is disabled"),
}


def configured(given: dict[str, Any] | None) -> dict[str, str]:
    """The configuration that a request asks for, whole. Raises ServiceError."""
    given = given or {}
    kind, key = given.get("sseType") or "AES256", given.get("kmsKeyArn")
    if kind == "AES256" and key:
        raise errors.validation("kmsKeyArn must not be specified when sseType is AES256.")
    if kind == "aws:kms" and not key:
        raise errors.validation("kmsKeyArn must be specified when sseType is set to aws:kms")
    return {"sseType": kind, **({"kmsKeyArn": key} if key else {})}


def check_exists(encryption: dict[str, str]) -> None:
    """Refuse a key that cannot be used. Raises ServiceError AccessDeniedException."""
    key = encryption.get("kmsKeyArn")
    if key and (state := hooks.key_state(key)) != "Enabled":
        raise errors.denied(_unusable(key, state)[1])


def check_service(request: Request, encryption: dict[str, str], index_arn: str) -> None:
    """Refuse a key that S3 Vectors itself may not use for an index. Raises ServiceError AccessDeniedException."""
    check_exists(encryption)
    key = encryption.get("kmsKeyArn")
    source = {"aws:SourceArn": index_arn, "aws:SourceAccount": request.account, **CONTEXT}
    if key and not hooks.service_may_use_key(PRINCIPAL, "kms:Decrypt", key, request.region, source):
        raise errors.denied(
            f"Insufficient access to perform asynchronous indexing: the policy of {key} must allow {PRINCIPAL} "
            "kms:Decrypt"
        )


def require_key(encryption: dict[str, str]) -> None:
    """Refuse what is done with vectors whose key cannot be used. Raises ServiceError."""
    key = encryption.get("kmsKeyArn")
    if key and (state := hooks.key_state(key)) != "Enabled":
        code, message = _unusable(key, state)
        raise ServiceError(code, message, 400)


def _unusable(key: str, state: str | None) -> tuple[str, str]:
    code, message = _UNUSABLE.get(state, ("KmsInvalidStateException", f"Key '{key}' is {state}"))
    return code, message.format(key=key)
