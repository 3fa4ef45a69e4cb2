"""What callers say of answers, kept so that step 1 reads it and step 3 learns from it.

With consent, a judgement goes into the raw bucket as a record of a data set of its own: ``<prefix>pairs/`` where one
answer is preferred to another (objective `dpo`), ``<prefix>answers/`` where an answer is good as it is, or was written
anew. Without consent, nothing of the texts is kept. Either way the rating stays with the model's name and parameters,
in the caller's own list, until the caller deletes it: the record goes with it. With consent the list shows how the
texts begin, so that a caller knows what there is to take back.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from lambdas.gateway.exchange import Caller, Turn
from lambdas.gateway.kept.body import Body
from lambdas.gateway.kept.owner import identifier, nothing, partition
from lambdas.gateway.problems import retry_later
from lambdas.gateway.table import Table, Value
from lambdas.shared import aws, environment
from lambdas.shared.errors import ConfigurationError

UP, DOWN = "up", "down"
MOST_MESSAGES = 64
MOST_CHARACTERS = 100_000
COMMENT_CHARACTERS = 4_000
MOST_LISTED = 500
MOST_A_DAY = 1_000
"""Judgements of one caller that are kept in a day of UTC: what is to be learnt from should not be one caller's word."""
LONGEST_SHOWN = 80
CHAT = "chatcmpl-"
"""What stands before it in the id of a chat's answer, which is all that OpenAI's clients show of it."""
REQUEST_ID = rf"^({CHAT})?[0-9a-f]{{8}}-([0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}$"
"""As API Gateway names the requests to a REST API, and this gateway those that came without it."""
EXCERPT_CHARACTERS = 240
TEXTS = ("question", "answer", "better_answer", "rejected_answer")
PAIRS, ANSWERS = "pairs", "answers"
_KIND, _KIND_OF_COUNT = "FEEDBACK", "FEEDBACKCOUNT"
_SECONDS_A_DAY = 86_400
_FIELDS = (
    "request_id",
    "model",
    "messages",
    "answer",
    "rating",
    "comment",
    "better_answer",
    "rejected_answer",
    "parameters",
    "consent",
)


@dataclass(frozen=True)
class Feedback:
    """One judgement of an answer; texts that were not given are empty.

    Attributes:
        messages: what the answer was to; the last turn is the user's.
        better_answer: what the answer ought to have been.
        rejected_answer: another answer to the same, which this one is preferred to.
    """

    request_id: str
    model: str
    messages: tuple[Turn, ...]
    answer: str
    rating: str
    comment: str
    better_answer: str
    rejected_answer: str
    parameters: Mapping[str, float]
    consent: bool

    def record(self) -> tuple[str, dict[str, object]] | None:
        """Give the data set and the record that a model can learn from, or None where there is nothing to learn.

        What was disliked and not bettered says what is wrong, not what is right.
        """
        if not self.consent:
            return None
        if self.better_answer and self.better_answer != self.answer:
            return PAIRS, self._learned(self.better_answer, self.answer)
        if self.rejected_answer and self.rejected_answer != self.answer:
            return PAIRS, self._learned(self.answer, self.rejected_answer)
        return (ANSWERS, self._learned(self.answer)) if self.rating == UP else None

    def excerpts(self) -> dict[str, str]:
        """Give how the texts begin, by name; nothing of them without consent."""
        if not self.consent:
            return {}
        texts = (self.messages[-1].content, self.answer, self.better_answer, self.rejected_answer)
        return {name: _shortened(text) for name, text in zip(TEXTS, texts, strict=True) if text}

    def _learned(self, chosen: str, rejected: str = "") -> dict[str, object]:
        turns = [*self.messages, Turn("assistant", chosen)]
        record: dict[str, object] = {"messages": [{"role": turn.role, "content": turn.content} for turn in turns]}
        return {**record, "rejected": rejected} if rejected else record


def checked(given: Mapping[str, Any], models: Collection[str]) -> Feedback:
    """Read the body of a request.

    Whether there was such a request, and whether that was its answer, is the caller's word: no answer is kept that it
    could be held against.

    Args:
        models: the names of those that answer.

    Raises:
        Problem: 400 with every wrong field.
    """
    body = Body(given, _FIELDS)
    request_id = body.text("request_id", most=128)
    feedback = Feedback(
        request_id=request_id.removeprefix(CHAT),
        model=body.text("model", most=256),
        messages=body.turns("messages", most=MOST_MESSAGES, most_characters=MOST_CHARACTERS),
        answer=body.text("answer", most=MOST_CHARACTERS),
        rating=body.choice("rating", (UP, DOWN), required=False),
        comment=body.text("comment", most=COMMENT_CHARACTERS, required=False, blank=True).strip(),
        better_answer=body.text("better_answer", most=MOST_CHARACTERS, required=False),
        rejected_answer=body.text("rejected_answer", most=MOST_CHARACTERS, required=False),
        parameters=_parameters(body, given.get("parameters")),
        consent=body.flag("consent"),
    )
    if request_id and not re.fullmatch(REQUEST_ID, request_id):
        body.wrong("request_id", "'request_id' must be the id of an answer, as its 'id' or its 'fourfold' has it")
    if feedback.model and feedback.model not in models:
        shown = feedback.model if len(feedback.model) <= LONGEST_SHOWN else f"{feedback.model[:LONGEST_SHOWN]}..."
        body.wrong("model", f"there is no model {shown!r}; known are {', '.join(models)}")
    if feedback.messages and feedback.messages[-1].role != "user":
        body.wrong("messages", "the last message must be the user's: the answer stands in 'answer'")
    if feedback.better_answer and feedback.rejected_answer:
        body.wrong("rejected_answer", "give either 'better_answer' or 'rejected_answer'")
    if not body.errors and not any(
        (feedback.rating, feedback.comment, feedback.better_answer, feedback.rejected_answer)
    ):
        body.wrong("rating", "say something of the answer: 'rating', 'comment', 'better_answer' or 'rejected_answer'")
    body.finish()
    return feedback


def _parameters(body: Body, given: object) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        body.wrong("parameters", "'parameters' must be an object")
        return {}
    known = {"max_tokens": (1, 10**6), "temperature": (0, 2), "top_p": (0, 1), "seed": (-(2**63), 2**63)}
    inner = Body(given, tuple(known), "/parameters")
    found = {name: inner.number(name, least=least, most=most) for name, (least, most) in known.items()}
    body.note(*inner.errors)
    return {name: value for name, value in found.items() if value is not None}


class FeedbackStore:
    """Judgements in the gateway's table, and the records that they make in the raw bucket.

    Args:
        table: where the judgements lie.
        bucket: the raw bucket.
        prefix: what the names of the data sets begin with.
        now: seconds since 1970.
    """

    def __init__(self, table: Table, bucket: str, prefix: str, now: Callable[[], float] = time.time) -> None:
        self._table, self.bucket, self._prefix, self._now = table, bucket, prefix, now

    @staticmethod
    def from_environment() -> FeedbackStore | None:
        """Give the store; None where there is no table to keep it in.

        Raises:
            ConfigurationError: there is a table, and no place for the records.
        """
        table, bucket = Table.from_environment(), environment.optional("FEEDBACK_BUCKET")
        if table is None:
            return None
        if not bucket:
            raise ConfigurationError("FEEDBACK_BUCKET is not set", remedy="Set it beside GATEWAY_TABLE, in the stack.")
        return FeedbackStore(table, bucket, environment.required("FEEDBACK_PREFIX"))

    def add(self, caller: Caller, feedback: Feedback) -> dict[str, object]:
        """Keep a judgement and give ``{"id", "learned_from"}``: whether it became a record to learn from.

        Raises:
            Problem: 429 where the caller has given as many today as are kept.
        """
        pk = partition(_KIND, caller)
        moment = self._now()
        self._count(caller, moment)
        feedback_id = f"{int(moment * 1000):013d}-{secrets.token_hex(8)}"
        learned = feedback.record()
        key = self._key(feedback_id, moment, learned[0]) if learned else ""
        self._table.put(pk, feedback_id, self._fields(feedback, moment, key))
        if learned:
            try:
                self._write_record(key, feedback_id, learned[1])
            except Exception:
                self._table.delete(pk, feedback_id)
                raise
        return {"id": feedback_id, "learned_from": bool(key)}

    def list(self, caller: Caller) -> dict[str, object]:
        """Give ``{"feedback": [...]}``, each with what was said, whether models may learn from it, and its texts.

        The last comes first; `texts` holds how question and answers begin, and nothing where there was no consent. The
        pairs of a vote between several answers have the `request_id` of the preferred one in common.
        """
        fields = ("request_id", "model", "rating", "comment", "created", "key", "texts")
        kept = self._table.items(partition(_KIND, caller), fields, limit=MOST_LISTED)
        return {"feedback": [_shown(item) for item in kept]}

    def delete(self, caller: Caller, feedback_id: str) -> None:
        """Delete a judgement, and the record that was made of it; data sets that were prepared already keep theirs.

        Raises:
            Problem: 404 where the caller gave none under this id.
        """
        pk, sort_key = partition(_KIND, caller), identifier(feedback_id)
        item = self._table.get(pk, sort_key)
        if item is None:
            raise nothing()
        # The record first: while it is there, the list must say so.
        if key := str(item.get("key", "")):
            aws.client("s3").delete_object(Bucket=self.bucket, Key=key)
        self._table.delete(pk, sort_key)

    def _count(self, caller: Caller, moment: float) -> None:
        day = int(moment) // _SECONDS_A_DAY
        ends = (day + 1) * _SECONDS_A_DAY
        pk, sk = partition(_KIND_OF_COUNT, caller), f"DAY#{day}"
        # What is taken back counts as well: it was written.
        if self._table.add(pk, sk, {"given": 1}, expires_at=ends)["given"] > MOST_A_DAY:
            lifts = datetime.fromtimestamp(ends, UTC).isoformat()
            detail = f"{MOST_A_DAY:,} judgements of a caller are kept in a day. More are kept from {lifts}."
            raise retry_later(HTTPStatus.TOO_MANY_REQUESTS, detail, max(1, ends - int(moment)))

    def _key(self, feedback_id: str, moment: float, dataset: str) -> str:
        day = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
        return f"{self._prefix}{dataset}/{day}/{feedback_id}.jsonl"

    def _write_record(self, key: str, feedback_id: str, record: Mapping[str, object]) -> None:
        line = json.dumps({"id": feedback_id, **record}, ensure_ascii=False) + "\n"
        aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=line.encode(), ContentType="application/jsonl")

    def _fields(self, feedback: Feedback, moment: float, key: str) -> dict[str, Value]:
        return {
            "request_id": feedback.request_id,
            "model": feedback.model,
            "rating": feedback.rating,
            "comment": feedback.comment if feedback.consent else "",
            "parameters": json.dumps(dict(feedback.parameters)),
            "consent": int(feedback.consent),
            "created": int(moment * 1000),
            "key": key,
            "texts": json.dumps(feedback.excerpts(), ensure_ascii=False),
        }


def _shown(item: Mapping[str, Any]) -> dict[str, object]:
    created = datetime.fromtimestamp(int(item["created"]) / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "id": item["sk"],
        "request_id": item["request_id"],
        "model": item["model"],
        "rating": item["rating"] or None,
        "comment": item["comment"],
        "created": created,
        "learned_from": bool(item["key"]),
        "texts": json.loads(item.get("texts", "{}")),
    }


def _shortened(text: str) -> str:
    shown = " ".join(text[: 2 * EXCERPT_CHARACTERS].split())
    whole = len(text) <= 2 * EXCERPT_CHARACTERS and len(shown) <= EXCERPT_CHARACTERS
    return shown if whole else f"{shown[: EXCERPT_CHARACTERS - 1]}…"
