"""The list of a caller's documents in DynamoDB, and the journal of what is being done to them.

A document's item is written before anything else of it and deleted after everything else. While it is being added or
removed, the item says so and until when: what is in this state after that time was broken off, and whoever comes next
cleans it up. So it is with what was removed before all of its vectors could be seen.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lambdas.gateway.retrieval.calls import explained
from lambdas.shared import aws

# Lambda ends a function after a quarter of an hour at the latest.
UNFINISHED_SECONDS = 20 * 60
# A vector store shows what was written after a minute at the latest: docs/retrieval.md.
UNSEEN_SECONDS = 3 * 60
ADDING, READY, REMOVING, REMOVED = "adding", "ready", "removing", "removed"
AGAIN = "added_again"
WHAT = "the list of documents"
# Words of DynamoDB's own are among them.
NAMES = {"#state": "state", "#until": "until", "#attempt": "attempt"}

Item = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Document:
    """A document that was added.

    Attributes:
        passages: how many it was cut into.
        characters: of its text.
        created: when it was added, as ISO 8601 in UTC.
        already: whether it was there when it was added once more.
    """

    id: str
    name: str
    media_type: str
    passages: int
    characters: int
    created: str
    already: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Entry:
    """A document, and what is being done to it; `attempt` names who does.

    Attributes:
        added_again: whether it was removed before, when not all of its vectors could be seen, so that some may be left.
    """

    document: Document
    state: str
    attempt: str
    until: int
    added_again: bool = False

    @property
    def ready(self) -> bool:
        """Whether it can be searched."""
        return self.state == READY

    @property
    def broken_off(self) -> bool:
        """Whether what was being done to it has ended before its end."""
        return not self.ready and self.until < time.time()


class Catalogue:
    """The documents of all callers, in the gateway's table."""

    def __init__(self, table: str) -> None:
        self._table = table

    def entries(self, caller: str) -> list[Entry]:
        """Give all of a caller's documents, the earliest first; raises as `explained` does."""
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": _partition(caller)}},
            "ConsistentRead": True,
        }
        found: list[Entry] = []
        with explained(WHAT):
            for page in self._client().get_paginator("query").paginate(**request):
                found.extend(map(_entry, page["Items"]))
        return sorted(found, key=lambda entry: (entry.document.created, entry.document.id))

    def begin(self, caller: str, document: Document, left: Entry | None = None) -> str | None:
        """Announce that a document is being added, and give the attempt's name; None where one is there already.

        `left` is the entry of what was removed of it before; the item keeps that there was one.
        """
        attempt = uuid.uuid4().hex
        item = {**_key(caller, document.id), **_written(document), **_progress(ADDING, attempt)}
        if left:
            item[AGAIN] = {"S": left.attempt}
        former = {":former": {"S": left.attempt}} if left else {}
        condition = {
            # Its own attempt is there already where the first answer got lost and the call was made again.
            "ConditionExpression": " OR ".join(
                ("attribute_not_exists(pk)", *(f"#attempt = {name}" for name in (":attempt", *former)))
            ),
            "ExpressionAttributeNames": {"#attempt": NAMES["#attempt"]},
            "ExpressionAttributeValues": {":attempt": {"S": attempt}, **former},
        }
        return attempt if self._put(item, condition) else None

    def finish(self, caller: str, document_id: str, attempt: str) -> bool:
        """Say that a document can be searched; False where the attempt is not the item's any more."""
        return self._update(
            caller,
            document_id,
            "SET #state = :ready REMOVE #until",
            "#attempt = :attempt AND #state = :adding",
            {":ready": {"S": READY}, ":adding": {"S": ADDING}, ":attempt": {"S": attempt}},
            {name: NAMES[name] for name in ("#state", "#until", "#attempt")},
        )

    def claim(self, caller: str, entry: Entry) -> bool:
        """Announce that a document is being removed; False where somebody else has begun with it meanwhile."""
        item = {**_key(caller, entry.document.id), **_written(entry.document), **_progress(REMOVING, uuid.uuid4().hex)}
        condition = {
            "ConditionExpression": "#attempt = :attempt AND #state = :state",
            "ExpressionAttributeNames": {name: NAMES[name] for name in ("#state", "#attempt")},
            "ExpressionAttributeValues": {":attempt": {"S": entry.attempt}, ":state": {"S": entry.state}},
        }
        return self._put(item, condition)

    def forget(self, caller: str, document_id: str) -> None:
        """Delete a document's item; raises as `explained` does."""
        with explained(WHAT):
            self._client().delete_item(TableName=self._table, Key=_key(caller, document_id))

    def leave(self, caller: str, document: Document) -> None:
        """Say that a document is removed, but that what cannot be seen yet of its vectors is left for a later time."""
        state = _progress(REMOVED, uuid.uuid4().hex, UNSEEN_SECONDS)
        with explained(WHAT):
            self._client().put_item(
                TableName=self._table, Item={**_key(caller, document.id), **_written(document), **state}
            )

    def _put(self, item: Item, condition: Mapping[str, Any]) -> bool:
        with explained(WHAT):
            return self._conditionally(lambda client: client.put_item(TableName=self._table, Item=item, **condition))

    def _update(
        self, caller: str, document_id: str, update: str, condition: str, values: Item, names: Mapping[str, str]
    ) -> bool:
        with explained(WHAT):
            return self._conditionally(
                lambda client: client.update_item(
                    TableName=self._table,
                    Key=_key(caller, document_id),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ExpressionAttributeNames=names,
                )
            )

    def _conditionally(self, call: Any) -> bool:
        try:
            call(self._client())
        except aws.ClientError as failure:
            if aws.error_code(failure) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _client(self) -> Any:
        return aws.client("dynamodb")


def now() -> str:
    """Give the time as it is stored."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _partition(caller: str) -> str:
    return f"DOCUMENTS#{caller}"


def _key(caller: str, document_id: str) -> Item:
    return {"pk": {"S": _partition(caller)}, "sk": {"S": document_id}}


def _written(document: Document) -> Item:
    return {
        "name": {"S": document.name},
        "media_type": {"S": document.media_type},
        "passages": {"N": str(document.passages)},
        "characters": {"N": str(document.characters)},
        "created": {"S": document.created},
    }


def _progress(state: str, attempt: str, seconds: int | None = None) -> Item:
    until = int(time.time()) + (UNFINISHED_SECONDS if seconds is None else seconds)
    return {"state": {"S": state}, "attempt": {"S": attempt}, "until": {"N": str(until)}}


def _entry(item: Mapping[str, Mapping[str, str]]) -> Entry:
    document = Document(
        id=item["sk"]["S"],
        name=item["name"]["S"],
        media_type=item["media_type"]["S"],
        passages=int(item["passages"]["N"]),
        characters=int(item["characters"]["N"]),
        created=item["created"]["S"],
    )
    until = int(item["until"]["N"]) if "until" in item else 0
    return Entry(document, item["state"]["S"], item["attempt"]["S"], until, AGAIN in item)
