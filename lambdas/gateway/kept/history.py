"""The conversations of the page: each caller's own, at most so many, gone after a time."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from lambdas.gateway.exchange import Caller, Turn
from lambdas.gateway.kept.about import ABOUT, checked, taken_apart
from lambdas.gateway.kept.body import Body
from lambdas.gateway.kept.owner import identifier, nothing, partition
from lambdas.gateway.problems import Problem
from lambdas.gateway.table import EXPIRES_AT, Table, Value, fits

KEPT_SECONDS = 90 * 86_400
MOST_CONVERSATIONS = 200
MOST_MESSAGES = 400
MOST_CHARACTERS = 1_000_000
TITLE_CHARACTERS = 120
UPDATED_CHARACTERS = 64
_KIND = "HISTORY"


class History:
    """Conversations in the gateway's table.

    Args:
        table: where they lie.
        now: seconds since 1970.
    """

    def __init__(self, table: Table, now: Callable[[], float] = time.time) -> None:
        self._table, self._now = table, now

    @staticmethod
    def from_environment() -> History | None:
        """Give the history; None where there is no table to keep it in."""
        table = Table.from_environment()
        return History(table) if table else None

    def list(self, caller: Caller) -> dict[str, object]:
        """Give ``{"conversations": [{"id", "title", "updated"}]}``, the one that was changed last first."""
        pk = partition(_KIND, caller)
        kept = list(self._kept(pk, ("title", "updated")))
        kept.sort(key=lambda item: int(item["updated"]), reverse=True)
        return {"conversations": [_shown(str(item["sk"]), item) for item in kept]}

    def get(self, caller: Caller, conversation_id: str) -> dict[str, object]:
        """Give one conversation: ``{"id", "title", "updated", "messages"}``.

        Raises:
            Problem: 404 where the caller has none under this id.
        """
        item = self._table.get(partition(_KIND, caller), identifier(conversation_id))
        if item is None or int(item[EXPIRES_AT]) <= self._now():
            raise nothing()
        messages = json.loads(zlib.decompress(bytes(item["messages"])))  # type: ignore[arg-type]
        return {**_shown(conversation_id, item), "messages": messages}

    def put(self, caller: Caller, conversation_id: str, given: Mapping[str, Any]) -> dict[str, object]:
        """Keep a conversation, in place of the one under this id; give what `list` shows of it.

        Whoever says which one they have read, by its `updated`, replaces no other one.

        Raises:
            Problem: 400 for a wrong body; 404 for what is no id; 409 where there are too many; 412 where it is not the
                one that was read any more; 413 for one too long.
        """
        pk, sort_key = partition(_KIND, caller), identifier(conversation_id)
        plain, abouts = taken_apart(given)
        body = Body(plain, ("title", "messages", "updated"))
        title = body.text("title", most=TITLE_CHARACTERS)
        turns = body.turns("messages", most=MOST_MESSAGES, most_characters=MOST_CHARACTERS)
        read = body.text("updated", most=UPDATED_CHARACTERS, required=False)
        known = checked(abouts, body) if turns else []
        body.finish()
        messages = json.dumps([_message(turn, about) for turn, about in zip(turns, known, strict=True)]).encode()
        fields: dict[str, Value] = {
            "title": title,
            "updated": int(self._now() * 1000),
            "messages": zlib.compress(messages),
        }
        if not fits(fields):
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The conversation is too long to be kept.")
        expires_at = int(self._now()) + KEPT_SECONDS
        if read:
            return self._replace(pk, sort_key, fields, read, expires_at)
        self._make_room(pk, sort_key)
        self._table.put(pk, sort_key, fields, expires_at=expires_at)
        return _shown(sort_key, fields)

    def delete(self, caller: Caller, conversation_id: str) -> None:
        """Delete a conversation.

        Raises:
            Problem: 404 where the caller has none under this id.
        """
        if self._table.delete(partition(_KIND, caller), identifier(conversation_id)) is None:
            raise nothing()

    def _replace(
        self, pk: str, sort_key: str, fields: dict[str, Value], read: str, expires_at: int
    ) -> dict[str, object]:
        kept = self._table.get(pk, sort_key)
        if kept is None or _shown(sort_key, kept)["updated"] != read:
            raise _changed()
        # No two of its states may have the same time, whatever the clocks of two machines say.
        fields["updated"] = max(int(fields["updated"]), int(kept["updated"]) + 1)
        like = {"updated": kept["updated"]}
        if not self._table.replace(pk, sort_key, fields, like=like, expires_at=expires_at):
            raise _changed()
        return _shown(sort_key, fields)

    def _kept(self, pk: str, fields: Sequence[str]) -> Iterator[dict[str, Value]]:
        """Give these fields of what is kept still; DynamoDB deletes within days what has expired."""
        for item in self._table.items(pk, (*fields, EXPIRES_AT), limit=2 * MOST_CONVERSATIONS):
            if int(item[EXPIRES_AT]) > self._now():
                yield item

    def _make_room(self, pk: str, sort_key: str) -> None:
        kept = {str(item["sk"]) for item in self._kept(pk, ())}
        if sort_key not in kept and len(kept) >= MOST_CONVERSATIONS:
            raise Problem(
                HTTPStatus.CONFLICT, f"There are {MOST_CONVERSATIONS} conversations already. Delete some of them first."
            )


def _changed() -> Problem:
    return Problem(
        HTTPStatus.PRECONDITION_FAILED,
        "This conversation was changed or deleted since you have read it. Read it again, or keep yours under another "
        "id.",
    )


def _message(turn: Turn, about: Mapping[str, object]) -> dict[str, object]:
    return {"role": turn.role, "content": turn.content, **({ABOUT: about} if about else {})}


def _shown(conversation_id: str, item: Mapping[str, Any]) -> dict[str, object]:
    updated = datetime.fromtimestamp(int(item["updated"]) / 1000, UTC).isoformat(timespec="milliseconds")
    return {"id": conversation_id, "title": item["title"], "updated": updated}
