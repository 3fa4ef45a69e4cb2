"""Properties of DynamoDB tables that the emulator's CloudFormation leaves aside: encryption, expiry, recovery."""

from __future__ import annotations

from typing import Any

from twin import credentials
from twin.cloudformation.storage import refuse_unknown
from twin.emulator import hooks

Json = dict[str, Any]

# What the emulator applies, and what is applied here.
_PROPERTIES = {
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "PointInTimeRecoverySpecification",
    "ProvisionedThroughput",
    "SSESpecification",
    "StreamSpecification",
    "TableName",
    "Tags",
    "TimeToLiveSpecification",
}


def register_tables() -> None:
    """Extend AWS::DynamoDB::Table."""
    hooks.extend_cfn_resource("AWS::DynamoDB::Table", after=_complete, before_delete=_forget)


def _complete(table: str, properties: Json) -> None:
    refuse_unknown(properties, _PROPERTIES, "AWS::DynamoDB::Table")
    client = credentials.client("dynamodb")
    encryption = properties.get("SSESpecification") or {}
    wanted = {"Enabled": _is_true(encryption.get("SSEEnabled"))}
    named = {name: encryption[name] for name in ("SSEType", "KMSMasterKeyId") if name in encryption}
    client.update_table(TableName=table, SSESpecification={**wanted, **(named if wanted["Enabled"] else {})})
    _expire(client, table, properties.get("TimeToLiveSpecification") or {})
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    client.update_continuous_backups(
        TableName=table,
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": _is_true(recovery.get("PointInTimeRecoveryEnabled"))
        },
    )


def _expire(client: Any, table: str, wanted: Json) -> None:
    now = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    enabled = _is_true(wanted.get("Enabled"))
    attribute = wanted.get("AttributeName") or now.get("AttributeName")
    same = now.get("AttributeName") == attribute if enabled else True
    if enabled != (now["TimeToLiveStatus"] == "ENABLED") or not same:
        client.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute}
        )


def _forget(table: str) -> None:
    """Refuse to delete a protected table, and leave no expiry behind for another one of this name."""
    client = credentials.client("dynamodb")
    try:
        described = client.describe_table(TableName=table)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return
    if described.get("DeletionProtectionEnabled"):
        raise ValueError(f"Resource cannot be deleted as it is currently protected against deletion: table {table}.")
    _expire(client, table, {})


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"
