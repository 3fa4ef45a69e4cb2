"""The gateway's table in DynamoDB: items of texts, whole numbers and bytes, found by who they belong to.

A request reads or writes several of them; by boto3's client that took more processor time than to ask the model.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lambdas.shared import aws, direct, environment

TABLE_VARIABLE = "GATEWAY_TABLE"
EXPIRES_AT = "expires_at"
"""Attribute with the second, since 1970, after which DynamoDB deletes an item; it may take days to do so."""
READ_TIMEOUT_SECONDS = 5
ATTEMPTS = 3
_KEYS = ("pk", "sk")
_LARGEST_ITEM = 400 * 1024
# What the names and types of an item's attributes may add to the longest of them.
_OVERHEAD = 2 * 1024

Value = str | int | bytes
Item = Mapping[str, Value]
_READ: Mapping[str, Callable[[str], Value]] = {"S": str, "N": int, "B": b64decode}


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
        found = self._call("GetItem", Key=_key(pk, sk), ConsistentRead=True)
        return _read(found["Item"]) if "Item" in found else None

    def put(self, pk: str, sk: str, fields: Item, *, expires_at: int | None = None) -> None:
        """Write an item in place of what is there."""
        self._call("PutItem", Item={**_key(pk, sk), **_written(fields, expires_at)})

    def replace(self, pk: str, sk: str, fields: Item, *, like: Item, expires_at: int) -> bool:
        """Write an item in place of one whose fields are like these; False where it is another, or there is none."""
        names = {f"#{place}": name for place, name in enumerate(like)}
        values = {f":{place}": _typed(value) for place, value in enumerate(like.values())}
        try:
            self._call(
                "PutItem",
                Item={**_key(pk, sk), **_written(fields, expires_at)},
                ConditionExpression=" AND ".join(f"#{place} = :{place}" for place in range(len(like))),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except aws.ClientError as failure:
            if aws.error_code(failure) != "ConditionalCheckFailedException":
                raise
            # What no answer came to is sent again: the item may be the one that was written then.
            written = self.get(pk, sk) or {}
            return all(written.get(name) == value for name, value in fields.items())
        return True

    def delete(self, pk: str, sk: str) -> dict[str, Value] | None:
        """Delete an item and give what it was; None where there was none."""
        found = self._call("DeleteItem", Key=_key(pk, sk), ReturnValues="ALL_OLD")
        return _read(found["Attributes"]) if found.get("Attributes") else None

    def add(self, pk: str, sk: str, numbers: Mapping[str, int], *, expires_at: int) -> dict[str, int]:
        """Add to an item's numbers, which are 0 where they are not there yet, and give what they are then."""
        names = {f"#{place}": name for place, name in enumerate(numbers)}
        values = {f":{place}": {"N": str(number)} for place, number in enumerate(numbers.values())}
        sums = ", ".join(f"#{place} :{place}" for place in range(len(numbers)))
        found = self._call(
            "UpdateItem",
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
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ExpressionAttributeNames": names,
            "ProjectionExpression": ", ".join(names),
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        while limit > 0:
            page = self._call("Query", **request, Limit=limit)
            yield from map(_read, page["Items"])
            limit -= len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _call(self, operation: str, **request: Any) -> Any:
        dynamodb = direct.service("dynamodb", attempts=ATTEMPTS, read_timeout=READ_TIMEOUT_SECONDS)
        return dynamodb.call(operation, {"TableName": self.name, **request})


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
    return {"S": value} if isinstance(value, str) else {"B": b64encode(value).decode()}


def _read(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, typed in item.items():
        ((kind, value),) = typed.items()
        found[name] = _READ[kind](value)
    found.pop("pk", None)
    return found
