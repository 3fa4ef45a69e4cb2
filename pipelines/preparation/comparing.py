"""What becomes of records beside each other: of equal texts the first stays, of near-duplicates what stands for them.

A partition holds all records of a text, sorted by (digest, origin, key, line), so that one pass with one record in hand
finds the copies; near-duplicates are marked by the place of a text among the partition's different ones.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipelines.preparation.near.marks import Marks
from pipelines.preparation.records import HELD_OUT, NEW, SETTLED, Candidate, Reason

EQUAL, SIMILAR = "deduplicate", "near_duplicates"


class Mark(NamedTuple):
    """What is known of a near-duplicate; see `Marks`."""

    representative: str
    split: str
    origin: str
    source: str
    size: int
    similarity: float
    divided: bool


class Refusal(NamedTuple):
    """Why a record gives way to another one, and to which."""

    stage: str
    reason: Reason
    detail: str
    original: str


class Compared(NamedTuple):
    """A record, and what the comparison with the others says of it."""

    record: Candidate
    mark: Mark | None
    refusal: Refusal | None

    @property
    def cluster(self) -> str | None:
        """The record that stands for its near-duplicates, where it has any.

        What hangs together only by a new record, which is refused for it, keeps the cluster that it had.
        """
        return self.record.cluster if self.mark is None or self.mark.divided else self.mark.representative

    @property
    def stands_for_others(self) -> bool:
        """Whether it is the one that stands for its near-duplicates."""
        return self.mark is not None and self.mark.representative == self.record.record_id


def marks_by_place(marks: Iterable[Marks]) -> dict[int, Mark]:
    """Return the marks of a partition's texts by their places."""
    found = {}
    for block in marks:
        names = (block.representative, block.split, block.origin, block.source)
        named = ([name.decode() for name in column] for column in names)
        figures = (column.tolist() for column in (block.size, block.similarity, block.divided))
        columns = zip(block.place.tolist(), *named, *figures, strict=True)
        found.update({place: Mark(*mark) for place, *mark in columns})
    return found


def compare(records: Iterable[Candidate], marks: dict[int, Mark], action: str) -> Iterator[Compared]:
    """Yield each record of a partition with what becomes of it.

    Args:
        records: the partition's records, sorted.
        marks: its near-duplicates.
        action: what becomes of near-duplicates: `drop`, `keep` or `off`.
    """
    first: Candidate | None = None
    place = -1
    for record in records:
        if first is not None and first.digest == record.digest:
            yield Compared(record, None, _equal(record, first))
            continue
        first = record
        place += 1
        mark = marks.get(place)
        yield Compared(record, mark, _similar(record, mark, action) if mark else None)


def _equal(record: Candidate, first: Candidate) -> Refusal:
    place = f"line {first.line.number} of {first.line.key}"
    if first.origin == HELD_OUT and record.origin != HELD_OUT:
        reason, detail = Reason.CONTAMINATED, f"the same text as {place}, which is for testing"
    elif record.example.target != first.example.target:
        reason, detail = Reason.CONFLICTING_TARGET, f"the same text as {place}, with another target"
    elif record.example.rejected != first.example.rejected:
        reason, detail = Reason.DUPLICATE, f"the same text as {place}, with another rejected answer"
    else:
        reason, detail = Reason.DUPLICATE, f"the same text as {place}"
    return Refusal(EQUAL, reason, detail, first.record_id)


def _similar(record: Candidate, mark: Mark, action: str) -> Refusal | None:
    if mark.representative == record.record_id:
        return None
    if mark.origin == HELD_OUT and record.origin != HELD_OUT:
        reason = Reason.CONTAMINATED
    elif record.origin == NEW and (action == "drop" or mark.divided):
        reason = Reason.NEAR_DUPLICATE
    else:
        return None
    detail = f"{mark.similarity:.0%} of the word shingles are shared with {mark.source}, {_rank(mark)}"
    return Refusal(SIMILAR, reason, detail, mark.representative)


def _rank(mark: Mark) -> str:
    if mark.origin == HELD_OUT:
        return "which is for testing"
    if mark.origin == SETTLED:
        return f"which an earlier run has kept; with it {mark.size} texts are nearly the same"
    return f"the longest of {mark.size} texts that are nearly the same"
