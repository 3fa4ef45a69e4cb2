"""Guardrails in stacks: `AWS::Bedrock::Guardrail`, which is its draft, and `AWS::Bedrock::GuardrailVersion`."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from twin import credentials
from twin.emulator import hooks
from twin.emulator.hooks import Json

_MOST_OF_A_NAME = 50
# What a property is called in requests, where that is more than a small letter.
_RENAMED = {"KmsKeyArn": "kmsKeyId"}
_ATTRIBUTES = {
    "GuardrailArn": "guardrailArn",
    "GuardrailId": "guardrailId",
    "Version": "version",
    "Status": "status",
    "CreatedAt": "createdAt",
    "UpdatedAt": "updatedAt",
}


def register() -> None:
    """Provision the types."""
    hooks.add_cfn_resource("AWS::Bedrock::Guardrail", create=_create, update=_update, delete=_delete)
    hooks.add_cfn_resource(
        "AWS::Bedrock::GuardrailVersion", create=_create_version, update=_update_version, delete=_delete_version
    )


def as_request(value: Any) -> Any:
    """Properties as a request has them: their names begin with a small letter, at every depth."""
    if isinstance(value, list):
        return [as_request(one) for one in value]
    if isinstance(value, dict):
        return {_RENAMED.get(key, key[:1].lower() + key[1:]): as_request(inner) for key, inner in value.items()}
    return value


def _create(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
    named = {"Name": hooks.physical_name(stack, logical_id, _MOST_OF_A_NAME), **properties}
    made = _bedrock().create_guardrail(**as_request(named))
    return _identity(made["guardrailArn"])


def _update(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    if old.get("Tags") != new.get("Tags"):
        raise ValueError("The tags of a guardrail cannot be changed in a stack here. Leave them as they are.")
    named = {"Name": _bedrock().get_guardrail(guardrailIdentifier=physical_id)["name"], **new}
    named.pop("Tags", None)
    _bedrock().update_guardrail(guardrailIdentifier=physical_id, **as_request(named))
    return _identity(physical_id)


def _identity(arn: str) -> tuple[str, Json]:
    """Physical id, which is the ARN, and attributes."""
    found = _bedrock().get_guardrail(guardrailIdentifier=arn)
    return arn, {name: str(found[member]) for name, member in _ATTRIBUTES.items()}


def _delete(physical_id: str, properties: Json) -> None:  # noqa: ARG001 - the hook's signature
    _unless_gone("delete_guardrail", guardrailIdentifier=physical_id)


def _create_version(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    made = _bedrock().create_guardrail_version(**as_request(properties))
    return _version_identity(made["guardrailId"], made["version"])


def _update_version(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:
    if old == new:
        return _version_identity(*physical_id.split("|"))
    return _create_version("", new, stack)  # another physical id: the old one is deleted


def _version_identity(guardrail_id: str, version: str) -> tuple[str, Json]:
    found = _bedrock().get_guardrail(guardrailIdentifier=guardrail_id, guardrailVersion=version)
    attributes = {"GuardrailArn": found["guardrailArn"], "GuardrailId": guardrail_id, "Version": version}
    return f"{guardrail_id}|{version}", attributes


def _delete_version(physical_id: str, properties: Json) -> None:  # noqa: ARG001 - the hook's signature
    guardrail_id, version = physical_id.split("|")
    _unless_gone("delete_guardrail", guardrailIdentifier=guardrail_id, guardrailVersion=version)


def _unless_gone(operation: str, **arguments: str) -> None:
    try:
        getattr(_bedrock(), operation)(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _bedrock() -> Any:
    return credentials.client("bedrock")
