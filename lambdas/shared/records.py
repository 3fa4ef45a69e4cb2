"""Curated records: what preparation wrote, read back, checked and sampled.

A sample depends on the records alone, never on how they are spread over files: whoever samples the same split
gets the same records in the same order.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lambdas.shared import s3
from lambdas.shared.errors import InvalidRecord
from lambdas.shared.fields import Fields
from lambdas.shared.turns import Turn as Turn


@dataclass(frozen=True)
class Record:
    """One curated example: what the model is asked, and the answer that a person wrote.

    Attributes:
        turns: everything before the answer; the last turn is the user's.
        reference: the answer.
    """

    record_id: str
    turns: tuple[Turn, ...]
    reference: str

    @property
    def prompt(self) -> str:
        """What the user says last."""
        return self.turns[-1].content


def parse_record(line: bytes, where: str) -> Record:
    """Read one line of a curated file.

    Raises:
        InvalidRecord: it is no conversation between user and assistant in which the assistant has the last word.
    """
    remedy = "Run preparation again; curated files are written by it alone."
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidRecord("A line is not JSON", where=where, remedy=remedy) from None
    fields = Fields(value, where, InvalidRecord, remedy)
    turns = tuple(Turn(turn.text("role"), turn.text("content")) for turn in fields.items("messages"))
    spoken = [turn.role for turn in turns]
    if spoken[:1] == ["system"]:
        del spoken[0]
    if not spoken or spoken != ["user", "assistant"] * (len(spoken) // 2):
        raise fields.complaint("The messages do not go from user to assistant in turns")
    return Record(fields.text("record_id"), turns[:-1], turns[-1].content)


def read_split(bucket: str, curated_prefix: str, split: str) -> Iterator[Record]:
    """Stream the records of one split of a run.

    Args:
        bucket: the curated bucket.
        curated_prefix: ``<dataset>/run=<id>/``.
        split: ``train``, ``validation`` or ``test``.
    """
    for key in s3.keys(bucket, f"{curated_prefix}{split}/"):
        where = f"s3://{bucket}/{key}"
        for number, line in enumerate(s3.lines(bucket, key), start=1):
            yield parse_record(line, f"{where}, record {number}")


def sample(records: Iterable[Record], size: int) -> list[Record]:
    """Choose up to `size` records by the hash of their ids, in that order.

    The salt keeps the choice independent of the split, which is made by hash as well.
    """
    return heapq.nsmallest(size, records, key=lambda record: _rank(record.record_id))


def _rank(record_id: str) -> bytes:
    return hashlib.sha256(b"sample:" + record_id.encode()).digest()
