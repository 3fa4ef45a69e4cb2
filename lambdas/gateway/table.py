"""The gateway's table in DynamoDB: items of texts, whole numbers and bytes, found by who they belong to.

The low-level client is spoken to directly: the resource of boto3 would cost each cold start a fifth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdas.shared import aws, environment

TABLE_VARIABLE = "GATEWAY_TABLE"
EXPIRES_AT = "expires_at"
"""Attribute with the second, since 1970, after which DynamoDB deletes an item; it may take days to do so."""
READ_TIMEOUT_SECONDS = 5
_KEYS = ("pk", "sk")
_LARGEST_ITEM = 400 * 1024
# What the names and types of an item's attributes may add to the longest of them.
_OVERHEAD = 2 * 1024

Value = str | int | bytes
Item = Mapping[str, Value]


class Table:
    """Items under a partition key and a sort key."""

    def __init__(self, name: str) -> None:
        self.name = name

    @staticmethod
    def from_environment() -> Table | None:
        """Give the table that the environment names, or None where it names none."""
        name = environment.optional(TABLE_VARIABLE)
        return Table(name) if name else None

    def get(self, pk: str, sk: str) -> dict[str, Value] | None:
        """Give an item, as it was when the last write to it ended; None where there is none."""
        found = self._client().get_item(TableName=self.name, Key=_key(pk, sk), ConsistentRead=True)
        return _read(found["Item"]) if "Item" in found else None

    def put(self, pk: str, sk: str, fields: Item, *, expires_at: int | None = None) -> None:
        """Write an item in place of what is there."""
        item = {**_key(pk, sk), **_written(fields, expires_at)}
        self._client().put_item(TableName=self.name, Item=item)

    def replace(self, pk: str, sk: str, fields: Item, *, like: Item, expires_at: int) -> bool:
        """Write an item in place of one whose fields are like these; False where it is another, or there is none."""
        names = {f"#{place}": name for place, name in enumerate(like)}
        values = {f":{place}": _typed(value) for place, value in enumerate(like.values())}
        try:
            self._client().put_item(
                TableName=self.name,
                Item={**_key(pk, sk), **_written(fields, expires_at)},
                ConditionExpression=" AND ".join(f"#{place} = :{place}" for place in range(len(like))),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except aws.ClientError as failure:
            if aws.error_code(failure) != "ConditionalCheckFailedException":
                raise
            # The client sends again what it heard no answer to: the item may be the one that was written then.
            written = self.get(pk, sk) or {}
            return all(written.get(name) == value for name, value in fields.items())
        return True

    def delete(self, pk: str, sk: str) -> dict[str, Value] | None:
        """Delete an item and give what it was; None where there was none."""
        found = self._client().delete_item(TableName=self.name, Key=_key(pk, sk), ReturnValues="ALL_OLD")
        return _read(found["Attributes"]) if found.get("Attributes") else None

    def add(self, pk: str, sk: str, numbers: Mapping[str, int], *, expires_at: int) -> dict[str, int]:
        """Add to an item's numbers, which are 0 where they are not there yet, and give what they are then."""
        names = {f"#{place}": name for place, name in enumerate(numbers)}
        values = {f":{place}": {"N": str(number)} for place, number in enumerate(numbers.values())}
        sums = ", ".join(f"#{place} :{place}" for place in range(len(numbers)))
        found = self._client().update_item(
            TableName=self.name,
            Key=_key(pk, sk),
            UpdateExpression=f"ADD {sums} SET #at = :at",
            ExpressionAttributeNames={**names, "#at": EXPIRES_AT},
            ExpressionAttributeValues={**values, ":at": {"N": str(expires_at)}},
            ReturnValues="UPDATED_NEW",
        )
        return {name: int(found["Attributes"][name]["N"]) for name in numbers}

    def items(self, pk: str, fields: Sequence[str], *, limit: int) -> Iterator[dict[str, Value]]:
        """Give these fields, and the sort key, of the items under a partition key: at most `limit`, the last first."""
        names = {f"#{place}": name for place, name in enumerate(("sk", *fields))}
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ExpressionAttributeNames": names,
            "ProjectionExpression": ", ".join(names),
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        while limit > 0:
            page = self._client().query(**request, Limit=limit)
            yield from map(_read, page["Items"])
            limit -= len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _client(self) -> Any:
        return aws.client("dynamodb", read_timeout=READ_TIMEOUT_SECONDS, attempts=3)


def fits(fields: Item) -> bool:
    """Whether DynamoDB takes an item of these fields: it is small enough, and no text has half of a surrogate pair."""
    try:
        size = sum(_bytes(value) for value in fields.values())
    except UnicodeEncodeError:
        return False
    return size + _OVERHEAD <= _LARGEST_ITEM


def _bytes(value: Value) -> int:
    if isinstance(value, int):
        return len(str(value))
    return len(value.encode() if isinstance(value, str) else value)


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _written(fields: Item, expires_at: int | None) -> dict[str, Any]:
    if wrong := [name for name in fields if name in (*_KEYS, EXPIRES_AT)]:
        raise ValueError(f"The table itself keeps {', '.join(wrong)}.")
    numbered = fields if expires_at is None else {**fields, EXPIRES_AT: expires_at}
    return {name: _typed(value) for name, value in numbered.items()}


def _typed(value: Value) -> dict[str, object]:
    if isinstance(value, int):
        return {"N": str(int(value))}
    return {"S": value} if isinstance(value, str) else {"B": value}


def _read(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, typed in item.items():
        ((kind, value),) = typed.items()
        found[name] = int(value) if kind == "N" else value
    found.pop("pk", None)
    return found
