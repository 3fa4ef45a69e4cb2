"""Sorted rows to part files: keeps the first of equal texts, and writes each line to its split or its reason.

A partition holds all rows of a text, sorted by (digest, key, line), so that one pass with one row in hand finds
the duplicates. A part is uploaded whole, by one request, once its last line is known.
"""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from pipelines.preparation.curation import StageCount, Tally
from pipelines.preparation.formats import curated_line, quarantine_line
from pipelines.preparation.near.stages import Marks
from pipelines.preparation.records import HELD_OUT, NEW, SETTLED, Candidate, Quarantined, Reason
from pipelines.preparation.settings import Settings
from pipelines.preparation.storage import Bucket

_SPOOL_BYTES = 8 * 1024 * 1024

Row = Candidate | Quarantined | Tally


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the parts of one run go: the same prefix, `<dataset>/run=<id>/`, in both buckets."""

    curated: Bucket
    quarantine: Bucket
    prefix: str


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part that was written."""

    key: str
    sha256: str
    records: int


@dataclass(slots=True)
class Written:
    """What one partition wrote, counted at the writing, and the tallies of the reading that passed through it."""

    tally: Tally = field(default_factory=Tally)
    splits: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    redacted: Counter[str] = field(default_factory=Counter)
    clusters: Counter[int] = field(default_factory=Counter)
    """Number of clusters of near-duplicates, by how many records they have."""
    curated_files: list[PartFile] = field(default_factory=list)
    quarantine_files: list[PartFile] = field(default_factory=list)

    def add(self, other: "Written") -> None:
        """Add what another partition wrote."""
        self.tally.add(other.tally)
        self.splits.update(other.splits)
        self.rejected.update(other.rejected)
        self.redacted.update(other.redacted)
        self.clusters.update(other.clusters)
        self.curated_files += other.curated_files
        self.quarantine_files += other.quarantine_files


def write_rows(
    partition: int, rows: Iterable[Row], marks: Iterable[Marks], settings: Settings, destination: Destination
) -> Written:
    """Write one partition's sorted rows, and return what was written where; `marks` tells its near-duplicates."""
    written = Written()
    with _Parts(f"part-{partition:05d}.jsonl") as parts:
        writer = _Writer(parts, written, settings, _by_place(marks))
        for row in rows:
            if isinstance(row, Tally):
                written.tally.add(row)
            elif isinstance(row, Quarantined):
                writer.reject(row.reason, row.quarantine)
            else:
                writer.take(row)
        for folder, part in parts.files():
            rejected = folder.startswith("reason=")
            bucket = destination.quarantine if rejected else destination.curated
            files = written.quarantine_files if rejected else written.curated_files
            files.append(part.upload(bucket, f"{destination.prefix}{folder}/{parts.name}"))
    return written


class _Mark(NamedTuple):
    """What is known of a near-duplicate; see `Marks`."""

    representative: str
    split: str
    origin: str
    source: str
    size: int
    similarity: float


def _by_place(marks: Iterable[Marks]) -> dict[int, _Mark]:
    found = {}
    for block in marks:
        names = (block.representative, block.split, block.origin, block.source)
        named = ([name.decode() for name in column] for column in names)
        columns = zip(block.place.tolist(), *named, block.size.tolist(), block.similarity.tolist(), strict=True)
        found.update({place: _Mark(*mark) for place, *mark in columns})
    return found


class _Writer:
    """Decides of each candidate, in the order of digests, and counts as it writes."""

    def __init__(self, parts: "_Parts", written: Written, settings: Settings, marks: dict[int, _Mark]) -> None:
        self._parts, self._written, self._settings, self._marks = parts, written, settings, marks
        self._first: Candidate | None = None
        self._place = -1
        stages = written.tally.stages
        self._equal = stages.setdefault("deduplicate", StageCount())
        self._similar = stages.setdefault("near_duplicates", StageCount())

    def take(self, row: Candidate) -> None:
        """Keep a record, or quarantine it as the copy of another one."""
        self._equal.input += 1
        if self._first is not None and self._first.digest == row.digest:
            self._reject_copy(*_why_equal(row, self._first), row, self._first.record_id, self._equal)
            return
        self._equal.kept += 1
        self._first = row
        self._place += 1
        self._take_different(row, self._marks.get(self._place))

    def reject(self, reason: str, line: str) -> None:
        """Quarantine a line."""
        self._parts.add(f"reason={reason}", line)
        self._written.rejected[reason] += 1

    def _take_different(self, row: Candidate, mark: _Mark | None) -> None:
        self._similar.input += 1
        if mark is not None and mark.representative != row.record_id:
            if reason := _why_similar(row, mark, self._settings.near_duplicates.action):
                detail = f"{mark.similarity:.0%} of the word shingles are shared with {mark.source}, {_rank(mark)}"
                self._reject_copy(reason, detail, row, mark.representative, self._similar)
                return
        elif mark is not None:
            self._written.clusters[mark.size] += 1
        self._keep(row, mark)

    def _keep(self, row: Candidate, mark: _Mark | None) -> None:
        self._similar.kept += 1
        split = mark.split if mark and row.origin == NEW else row.split
        cluster = mark.representative if mark else row.cluster
        self._parts.add(split, curated_line(row, self._settings.instruction, cluster))
        self._written.splits[split] += 1
        self._written.redacted.update(row.redacted)

    def _reject_copy(self, reason: Reason, detail: str, row: Candidate, original: str, count: StageCount) -> None:
        self.reject(reason.value, quarantine_line(reason, detail, row.line, original))
        count.rejected[reason.value] += 1


def _why_equal(row: Candidate, first: Candidate) -> tuple[Reason, str]:
    """Return why a record gives way to the first one of its text."""
    place = f"line {first.line.number} of {first.line.key}"
    if first.origin == HELD_OUT and row.origin != HELD_OUT:
        return Reason.CONTAMINATED, f"the same text as {place}, which is for testing"
    if row.example.target != first.example.target:
        return Reason.CONFLICTING_TARGET, f"the same text as {place}, with another target"
    return Reason.DUPLICATE, f"the same text as {place}"


def _why_similar(row: Candidate, mark: _Mark, action: str) -> Reason | None:
    """Return why a record gives way to what stands for its near-duplicates, or None where it stays beside it."""
    if mark.origin == HELD_OUT and row.origin != HELD_OUT:
        return Reason.CONTAMINATED
    return Reason.NEAR_DUPLICATE if action == "drop" and row.origin == NEW else None


def _rank(mark: _Mark) -> str:
    if mark.origin == HELD_OUT:
        return "which is for testing"
    first = "which an earlier run has kept" if mark.origin == SETTLED else "the longest"
    return f"{first} of {mark.size} texts that are nearly the same"


class _Part:
    """One part file under way: on disk once it is large, hashed as it grows."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115  (closed by _Parts)
        self._sha256 = hashlib.sha256()
        self._records = 0

    def add(self, line: str) -> None:
        content = f"{line}\n".encode()
        self._file.write(content)
        self._sha256.update(content)
        self._records += 1

    def upload(self, bucket: Bucket, key: str) -> PartFile:
        self._file.seek(0)
        bucket.put(key, self._file, "application/x-ndjson")
        return PartFile(key, self._sha256.hexdigest(), self._records)

    def close(self) -> None:
        self._file.close()


class _Parts:
    """The part files of one partition, one a folder, made when their first line comes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._parts: dict[str, _Part] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._parts.values():
            part.close()

    def add(self, folder: str, line: str) -> None:
        if folder not in self._parts:
            self._parts[folder] = _Part()
        self._parts[folder].add(line)

    def files(self) -> list[tuple[str, _Part]]:
        return sorted(self._parts.items())
