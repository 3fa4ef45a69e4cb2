"""Whom a request comes from: for services that read and write on behalf of their caller, as Athena does."""

from __future__ import annotations

from ministack.core import iam_evaluator, router
from ministack.services import iam

from twin.emulator.hooks.services import Request, ServiceError


def caller_credentials(request: Request) -> dict[str, str]:
    """The credentials that a request was signed with, as environment variables (AWS_ACCESS_KEY_ID and so on).

    Raises ServiceError UnrecognizedClientException where the key has become invalid.
    """
    access_key = router.extract_access_key_id(dict(request.headers), dict(request.query))
    token = request.headers.get("x-amz-security-token")
    found = iam_evaluator.resolve_credential(access_key, request.account, token)
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        raise ServiceError("UnrecognizedClientException", found.message, 403)
    credentials = {"AWS_ACCESS_KEY_ID": found.access_key_id, "AWS_SECRET_ACCESS_KEY": found.secret_access_key}
    return {**credentials, **({"AWS_SESSION_TOKEN": found.session_token} if found.session_token else {})}


def principals_of(request: Request) -> frozenset[str]:
    """The ARNs that a caller goes by: its own and, of a role's session, the role's."""
    access_key = router.extract_access_key_id(dict(request.headers), dict(request.query))
    identity = iam_evaluator.resolve_caller_identity(access_key) or {}
    arn = str(identity.get("userArn", ""))
    if ":assumed-role/" not in arn:
        return frozenset({arn} - {""})
    role = iam._roles.get(arn.split("/")[1])
    return frozenset({arn, str(role["Arn"])} if role else {arn})
