"""The exact cache: an answer is given again to the same caller for the same question under the same conditions.

The key is a hash of everything that an answer depends on, so nothing has to be deleted when a model is rolled out, a
guardrail is changed or a document is added: the old answers are no longer asked for, and expire.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lambdas.gateway.exchange import Caller, Question, Usage, Written
from lambdas.gateway.table import EXPIRES_AT, Item, Table, Value, fits
from lambdas.shared import aws, log

_SORT_KEY = "ANSWER"
_VERSION = 1
"""Of what is stored; a change of the format makes all older entries unreachable."""


@dataclass(frozen=True)
class Scope:
    """The conditions that an answer holds under, beside the question itself.

    Attributes:
        caller: whose it is: no caller gets an answer that was given to another, or can tell that there was one.
        target: what serves under the model's name now, such as the version of a model package, and the run it is of.
        guardrail: the guardrail and its version, or an empty text.
        data: the version of the documents that the answer may cite, or an empty text.
        instruction: what stands before the caller's text, where the gateway puts something there.
    """

    caller: Caller
    target: str
    guardrail: str = ""
    data: str = ""
    instruction: str = ""

    def key(self, question: Question) -> str:
        """Give the key of a question asked under these conditions: 64 hexadecimal digits."""
        return _digest([_VERSION, self._parts(), asdict(question)])

    def key_of_kind(self, question: Question) -> str:
        """Give the key that questions share which differ in nothing but the words of their last turn."""
        *earlier, last = (asdict(turn) for turn in question.turns)
        rest = {**asdict(question), "turns": [*earlier, {**last, "content": None}]}
        return _digest([_VERSION, self._parts(), rest])

    def _parts(self) -> dict[str, object]:
        return asdict(self)


def is_cacheable(question: Question, wanted: bool | None) -> bool:
    """Whether the answer may come out of the cache, and go into it.

    Where the request does not say, it may if the model is to write what is likeliest: who asks for something freer
    asks twice to get two answers.

    Args:
        question: what is asked.
        wanted: what the request says, or None.
    """
    return question.parameters.temperature == 0 if wanted is None else wanted


class Cache:
    """Answers by key, for as long as they are kept.

    Reading and writing never fail a request: the model can answer too. The log tells.

    Args:
        table: where they lie.
        ttl_seconds: how long an answer is given again.
        now: seconds since 1970.
    """

    def __init__(self, table: Table, ttl_seconds: int, now: Callable[[], float] = time.time) -> None:
        self._table, self._ttl_seconds, self._now = table, ttl_seconds, now

    @staticmethod
    def from_environment(settings: Mapping[str, Any]) -> Cache | None:
        """Give the cache of the gateway's settings; None where they want none, or there is no table."""
        wanted, table = settings.get("cache") or {}, Table.from_environment()
        return Cache(table, int(wanted["ttl_seconds"])) if wanted.get("exact") and table else None

    def find(self, key: str) -> Written | None:
        """Give the answer under a key, or None."""
        try:
            item = self._table.get(_pk(key), _SORT_KEY)
        except aws.CALL_ERRORS as failure:
            log.warning("The cache cannot be read", reason=str(failure))
            return None
        # DynamoDB deletes what has expired within days.
        if item is None or int(item[EXPIRES_AT]) <= self._now():
            return None
        return read(item)

    def keep(self, key: str, written: Written) -> bool:
        """Keep an answer, if it is whole and not too long; whether it was kept."""
        fields = fields_of(written)
        if not is_to_be_kept(written, fields):
            return False
        try:
            self._table.put(_pk(key), _SORT_KEY, fields, expires_at=int(self._now()) + self._ttl_seconds)
        except aws.CALL_ERRORS as failure:
            log.warning("The cache cannot be written", reason=str(failure))
            return False
        return True


def is_to_be_kept(written: Written, fields: Item) -> bool:
    """Whether an answer is whole, and what is kept of it, these fields, not too long and in characters throughout."""
    return written.finish == "stop" and bool(written.text) and fits(fields)


def fields_of(written: Written) -> Item:
    """Give an answer as fields of an item."""
    usage = json.dumps(asdict(written.usage))
    return {"text": written.text, "finish": written.finish, "model": written.model, "usage": usage}


def read(item: Mapping[str, Value]) -> Written:
    """Read what `fields_of` gave."""
    usage = Usage(**json.loads(str(item["usage"])))
    return Written(str(item["text"]), str(item["finish"]), str(item["model"]), usage)


def _pk(key: str) -> str:
    return f"CACHE#{key}"


def _digest(parts: object) -> str:
    # Escaped, so that a text with half of a surrogate pair has a hash as well.
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
