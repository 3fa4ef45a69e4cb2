"""The answers of a candidate, kept in S3 as they come: whoever evaluates it again asks only for the others.

They lie in parts beside the result, ``run=<id>/candidates/<candidate>.answers/00000-<invocation>.jsonl``. A line is an
answer, or the reason for which the model refused the record, where it would refuse it again. It counts only for the
very request that it was given to: the line holds that request's hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence

from lambdas.evaluate_candidate.asking import RecordRefused
from lambdas.evaluate_candidate.parts import Parts
from lambdas.shared import s3
from lambdas.shared.converse import Answer
from lambdas.shared.errors import InvalidRecord
from lambdas.shared.fields import Fields
from lambdas.shared.prompts import Turn

# At most so many answers are lost when the function is ended from outside.
ANSWERS_IN_PART = 16

Ask = Callable[[Sequence[Turn]], Answer]


class KeptAnswers(Parts):
    """Answers by request, as a context: on leaving it, by whichever way, the last ones are written.

    Args:
        bucket: the models bucket.
        prefix: what the keys of the parts begin with.
        about: what a request is made of beside its turns: the model, and how it is asked.
        invocation: the id of the function's invocation; an attempt that still runs while the next one has begun
            writes other parts.
    """

    def __init__(self, bucket: str, prefix: str, about: str, invocation: str) -> None:
        parts = s3.keys(bucket, prefix)
        last = max((_number(key.removeprefix(prefix)) for key in parts), default=-1)
        super().__init__(bucket, lambda number: f"{prefix}{number:05}-{invocation}.jsonl", ANSWERS_IN_PART, last + 1)
        self._about, self._where = about, f"s3://{bucket}/{prefix}"
        self._known = {str(line["asked"]): line for key in parts for line in _lines(bucket, key)}

    @property
    def count(self) -> int:
        """How many answers there are."""
        return len(self._known)

    def ask(self, record_id: str, turns: Sequence[Turn], ask: Ask) -> Answer:
        """Give the answer that is there, or ask and keep what comes.

        Raises:
            RecordRefused: the model refused this record, now or before.
        """
        asked = self._hash(turns)
        line = self._known.get(asked)
        if line is None:
            self._known[asked] = line = {"asked": asked, "record_id": record_id, **_asked(turns, ask)}
            self.keep(line)
        if "refusal" in line:
            raise RecordRefused(str(line["refusal"]))
        return _answer(Fields(line, self._where, InvalidRecord))

    def _hash(self, turns: Sequence[Turn]) -> str:
        request = json.dumps([self._about, [[turn.role, turn.content] for turn in turns]])
        return hashlib.sha256(request.encode()).hexdigest()[:32]


def _asked(turns: Sequence[Turn], ask: Ask) -> dict[str, object]:
    try:
        answer = ask(turns)
    except RecordRefused as refusal:
        if not refusal.lasting:
            raise
        return {"refusal": str(refusal)}
    return {
        "text": answer.text,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "seconds": answer.seconds,
        "finish": answer.finish,
    }


def _number(name: str) -> int:
    """Give the number of a part, by which the next one's is found; -1 for what is no part."""
    number = re.match(r"\d+", name)
    return int(number[0]) if number else -1


def _answer(line: Fields) -> Answer:
    return Answer(
        str(line.raw("text")),
        line.integer("input_tokens"),
        line.integer("output_tokens"),
        line.number("seconds", minimum=0),
        line.text("finish"),
    )


def _lines(bucket: str, key: str) -> list[dict[str, object]]:
    where = f"s3://{bucket}/{key}"
    found = []
    for content in s3.lines(bucket, key):
        try:
            value = json.loads(content)
        except ValueError:
            raise InvalidRecord("A kept answer is not JSON", where=where, remedy="Delete the object.") from None
        fields = Fields(value, where, InvalidRecord, "Delete the object; its answers are then asked for again.")
        fields.text("asked")
        found.append(fields.as_dict())
    return found
