"""Sorted rows to part files: writes each record to its split or its reason, and counts what is written.

A part is uploaded whole, by one request, once its last line is known.
"""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from pipelines.preparation.comparing import EQUAL, SIMILAR, Compared, compare, marks_by_place
from pipelines.preparation.curation import StageCount, Tally
from pipelines.preparation.formats import curated_line, quarantine_line
from pipelines.preparation.near.stages import Marks
from pipelines.preparation.records import NEW, Candidate, Quarantined, Reason
from pipelines.preparation.settings import Settings
from pipelines.preparation.storage import Bucket
from pipelines.preparation.stratify import Strata, split_of, stratum_of

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
    strata: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Number of records by stratum and split, where the split is stratified."""
    curated_files: list[PartFile] = field(default_factory=list)
    quarantine_files: list[PartFile] = field(default_factory=list)

    def add(self, other: "Written") -> None:
        """Add what another partition wrote."""
        self.tally.add(other.tally)
        self.splits.update(other.splits)
        self.rejected.update(other.rejected)
        self.redacted.update(other.redacted)
        self.clusters.update(other.clusters)
        self.strata.update(other.strata)
        self.curated_files += other.curated_files
        self.quarantine_files += other.quarantine_files


def write_rows(
    partition: int,
    rows: Iterable[Row],
    marks: Iterable[Marks],
    settings: Settings,
    destination: Destination,
    strata: Strata | None = None,
) -> Written:
    """Write one partition's sorted rows, and return what was written where.

    Args:
        partition: number of the partition, which names its parts.
        rows: its candidates, sorted, then what was rejected before, and tallies.
        marks: what is known of its near-duplicates.
        settings: the job's settings.
        destination: where the parts go.
        strata: where the sides of each stratum end, if the split is stratified.
    """
    written = Written()
    with _Parts(f"part-{partition:05d}.jsonl") as parts:
        writer = _Writer(parts, written, settings, strata)
        for one in compare(writer.pass_others(rows), marks_by_place(marks), settings.near_duplicates.action):
            writer.take(one)
        for folder, part in parts.files():
            rejected = folder.startswith("reason=")
            bucket = destination.quarantine if rejected else destination.curated
            files = written.quarantine_files if rejected else written.curated_files
            files.append(part.upload(bucket, f"{destination.prefix}{folder}/{parts.name}"))
    return written


class _Writer:
    """Writes each record to its split or its reason, and counts as it writes."""

    def __init__(self, parts: "_Parts", written: Written, settings: Settings, strata: Strata | None) -> None:
        self._parts, self._written, self._settings, self._strata = parts, written, settings, strata
        self._stages = [written.tally.stages.setdefault(name, StageCount()) for name in (EQUAL, SIMILAR)]

    def pass_others(self, rows: Iterable[Row]) -> Iterator[Candidate]:
        """Yield the candidates among some rows; what is decided already is written at once."""
        for row in rows:
            if isinstance(row, Candidate):
                yield row
            elif isinstance(row, Quarantined):
                self._reject(row.reason, row.quarantine)
            else:
                self._written.tally.add(row)

    def take(self, one: Compared) -> None:
        """Keep a record, or quarantine it as the copy of another one."""
        if one.refusal is None:
            self._count(None, None)
            self._keep(one)
            return
        _, reason, detail, original = one.refusal
        self._count(one.refusal.stage, reason)
        self._reject(reason.value, quarantine_line(reason, detail, one.record.line, original))

    def _keep(self, one: Compared) -> None:
        record, split = one.record, split_of(one, self._settings, self._strata)
        if one.mark is not None and one.stands_for_others:
            self._written.clusters[one.mark.size] += 1
        self._parts.add(split, curated_line(record, self._settings.instruction, one.cluster))
        self._written.splits[split] += 1
        self._written.redacted.update(record.redacted)
        if self._strata is not None and record.origin == NEW:
            self._written.strata[stratum_of(record, self._settings.split.stratify), split] += 1

    def _reject(self, reason: str, line: str) -> None:
        self._parts.add(f"reason={reason}", line)
        self._written.rejected[reason] += 1

    def _count(self, stage: str | None, reason: Reason | None) -> None:
        """Count a record through both stages, up to the one that refuses it."""
        for name, count in zip((EQUAL, SIMILAR), self._stages, strict=True):
            count.input += 1
            if name == stage and reason is not None:
                count.rejected[reason.value] += 1
                return
            count.kept += 1


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
