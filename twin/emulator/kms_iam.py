"""Which permission a request to KMS needs: always on the ARN of a key, whatever names it.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

from collections.abc import Iterable

from twin.emulator import hooks
from twin.emulator.hooks import Permission, Request

# Besides the alias they ask for the permission on its key; moving an alias, on the one before too.
_ON_ALIASES = ("CreateAlias", "DeleteAlias", "UpdateAlias")


def kms_action(request: Request) -> str | None:
    """`kms:<Operation>`; what is decrypted to be encrypted anew needs one permission on either key."""
    return "kms:ReEncryptFrom" if request.operation == "ReEncrypt" else f"kms:{request.operation}"


def kms_resource(request: Request) -> str:
    """The ARN of the key, or of the alias that is made, moved or deleted."""
    given, operation = request.parameters, request.operation
    if operation in _ON_ALIASES:
        return f"arn:aws:kms:{request.region}:{request.account}:{given.get('AliasName', '')}"
    if operation == "ListAliases":
        return "*"  # not restricted to a key, though it may ask for one's
    named = given.get("KeyId") or given.get("SourceKeyId") or hooks.key_of_ciphertext(given.get("CiphertextBlob", ""))
    return hooks.key_arn(named) if named else "*"


def further_keys(request: Request) -> Iterable[Permission]:
    """The permission on the key behind an alias, and on the key to encrypt anew with."""
    given, operation = request.parameters, request.operation
    if operation == "ReEncrypt" and (target := given.get("DestinationKeyId")):
        yield Permission("kms:ReEncryptTo", hooks.key_arn(target))
    if operation in _ON_ALIASES:
        before = given.get("AliasName") if operation != "CreateAlias" else None
        keys = {hooks.key_arn(key) for key in (before, given.get("TargetKeyId")) if key}
        yield from (Permission(f"kms:{operation}", key) for key in sorted(keys))
