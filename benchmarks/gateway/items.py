"""DynamoDB over HTTP, as far as the gateway's table is read and written: items in memory, found by their two keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

PREFIX = "DynamoDB_20120810."
Item = dict[str, Any]
MOST_ITEMS = 10_000


class Items:
    """The items of one table."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Item] = {}
        self._operations: dict[str, Callable[[Any], object]] = {
            "GetItem": self._get,
            "PutItem": self._put,
            "UpdateItem": self._add,
        }

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes] | None:  # noqa: ARG002
        """Answer a request to DynamoDB; None to any other."""
        target = headers.get("x-amz-target", "")
        if not target.startswith(PREFIX):
            return None
        return 200, json.dumps(self._operations[target.removeprefix(PREFIX)](json.loads(body))).encode()

    def _get(self, asked: Any) -> object:
        item = self._items.get(_place(asked["Key"]))
        return {} if item is None else {"Item": item}

    def _put(self, asked: Any) -> object:
        if len(self._items) >= MOST_ITEMS:
            self._items.clear()
        self._items[_place(asked["Item"])] = asked["Item"]
        return {}

    def _add(self, asked: Any) -> object:
        """Add, as ``ADD #0 :0, #1 :1 SET #at = :at`` says."""
        names, values = asked["ExpressionAttributeNames"], asked["ExpressionAttributeValues"]
        item = self._items.setdefault(_place(asked["Key"]), dict(asked["Key"]))
        changed = {}
        for short, name in names.items():
            more = int(values[f":{short[1:]}"]["N"])
            before = int(item[name]["N"]) if name in item and short != "#at" else 0
            changed[name] = {"N": str(before + more)}
        item |= changed
        return {"Attributes": changed}


def _place(key: Any) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]
