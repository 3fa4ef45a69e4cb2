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
from typing import Self

from pipelines.preparation.curation import StageCount, Tally
from pipelines.preparation.formats import quarantine_line
from pipelines.preparation.records import Candidate, Quarantined, Reason
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
    curated_files: list[PartFile] = field(default_factory=list)
    quarantine_files: list[PartFile] = field(default_factory=list)

    def add(self, other: "Written") -> None:
        """Add what another partition wrote."""
        self.tally.add(other.tally)
        self.splits.update(other.splits)
        self.rejected.update(other.rejected)
        self.redacted.update(other.redacted)
        self.curated_files += other.curated_files
        self.quarantine_files += other.quarantine_files


def write_rows(partition: int, rows: Iterable[Row], destination: Destination) -> Written:
    """Write one partition's sorted rows, and return what was written where."""
    written = Written()
    with _Parts(f"part-{partition:05d}.jsonl") as parts:
        first: Candidate | None = None
        for row in rows:
            if isinstance(row, Tally):
                written.tally.add(row)
            elif isinstance(row, Quarantined):
                parts.add(f"reason={row.reason}", row.quarantine)
                written.rejected[row.reason] += 1
            else:
                first = _write_candidate(row, first, parts, written)
        for folder, part in parts.files():
            rejected = folder.startswith("reason=")
            bucket = destination.quarantine if rejected else destination.curated
            files = written.quarantine_files if rejected else written.curated_files
            files.append(part.upload(bucket, f"{destination.prefix}{folder}/{parts.name}"))
    return written


def _write_candidate(row: Candidate, first: Candidate | None, parts: "_Parts", written: Written) -> Candidate:
    count = written.tally.stages.setdefault("deduplicate", StageCount())
    count.input += 1
    if first is not None and first.digest == row.digest:
        detail = f"the same text as line {first.line.number} of {first.line.key}"
        parts.add("reason=duplicate", quarantine_line(Reason.DUPLICATE, detail, row.line, first.record_id))
        count.rejected[Reason.DUPLICATE.value] += 1
        written.rejected[Reason.DUPLICATE.value] += 1
        return first
    parts.add(row.split, row.curated)
    count.kept += 1
    written.splits[row.split] += 1
    written.redacted.update(row.redacted)
    return row


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
