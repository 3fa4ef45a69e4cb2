"""What becomes of records beside each other: of equal texts the first stays, of near-duplicates what stands for them.

A partition holds all records of a text, sorted by (digest, origin, key, line), so that one pass with one record in hand
finds the copies; near-duplicates are marked by the place of a text among the partition's different ones.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipelines.preparation.near.stages import Marks
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
        """The record that stands for its near-duplicates, where it has any."""
        return self.mark.representative if self.mark else self.record.cluster

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
        columns = zip(block.place.tolist(), *named, block.size.tolist(), block.similarity.tolist(), strict=True)
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
    else:
        reason, detail = Reason.DUPLICATE, f"the same text as {place}"
    return Refusal(EQUAL, reason, detail, first.record_id)


def _similar(record: Candidate, mark: Mark, action: str) -> Refusal | None:
    if mark.representative == record.record_id:
        return None
    if mark.origin == HELD_OUT and record.origin != HELD_OUT:
        reason = Reason.CONTAMINATED
    elif action == "drop" and record.origin == NEW:
        reason = Reason.NEAR_DUPLICATE
    else:
        return None
    detail = f"{mark.similarity:.0%} of the word shingles are shared with {mark.source}, {_rank(mark)}"
    return Refusal(SIMILAR, reason, detail, mark.representative)


def _rank(mark: Mark) -> str:
    if mark.origin == HELD_OUT:
        return "which is for testing"
    first = "which an earlier run has kept" if mark.origin == SETTLED else "the longest"
    return f"{first} of {mark.size} texts that are nearly the same"
