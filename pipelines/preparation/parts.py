"""Sorted rows to part files: writes each record to its split or its reason, and counts what is written.

A part is uploaded whole, by one request, once its last line is known.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pipelines.formats.chat import chat_line
from pipelines.preparation.comparing import EQUAL, SIMILAR, Compared, compare, marks_by_place
from pipelines.preparation.curation import StageCount, Tally
from pipelines.preparation.formats import quarantine_line, record_of
from pipelines.preparation.identity import position
from pipelines.preparation.near.marks import Marks
from pipelines.preparation.outputs import PARQUET, Formatted, Formatter, chat_to_parquet
from pipelines.preparation.part_files import PartFile, PartFiles
from pipelines.preparation.profile.profile import Profile
from pipelines.preparation.records import NEW, Candidate, Quarantined, Reason
from pipelines.preparation.settings import Settings
from pipelines.preparation.storage import Bucket
from pipelines.preparation.straddling import has_company
from pipelines.preparation.stratify import Strata, split_of, stratum_of

SPLITS = ("train", "validation", "test")
PLACES = 100
MOST_PLACED = 5000
"""Most records of a partition whose places are counted: whoever has more has enough on each side."""
REJECTED = "reason="
"""What the name of a quarantine folder begins with."""

Row = Candidate | Quarantined | Tally


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the parts of one run go: the same prefix, `<dataset>/run=<id>/`, in both buckets."""

    curated: Bucket
    quarantine: Bucket
    prefix: str


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
    tagged: Counter[str] = field(default_factory=Counter)
    """Number of finds that were left where they are, by type."""
    places: Counter[int] = field(default_factory=Counter)
    """Number of records by where they stand, in hundredths, where that alone decides about their side; of many records
    not of all."""
    straddling: int = 0
    """Number of clusters of near-duplicates that are on more than one side of the split: none."""
    profile: Profile = field(default_factory=Profile)
    formatted: Formatted = field(default_factory=Formatted)
    curated_files: list[PartFile] = field(default_factory=list)
    output_files: list[PartFile] = field(default_factory=list)
    """The same records in other formats."""
    quarantine_files: list[PartFile] = field(default_factory=list)

    def add(self, other: "Written") -> None:
        """Add what another partition wrote."""
        self.tally.add(other.tally)
        self.splits.update(other.splits)
        self.rejected.update(other.rejected)
        self.redacted.update(other.redacted)
        self.clusters.update(other.clusters)
        self.strata.update(other.strata)
        self.tagged.update(other.tagged)
        self.places.update(other.places)
        self.straddling += other.straddling
        self.profile.add(other.profile)
        self.formatted.add(other.formatted)
        self.curated_files += other.curated_files
        self.output_files += other.output_files
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
    with PartFiles(f"part-{partition:05d}") as parts:
        writer = _Writer(parts, written, settings, strata)
        for one in compare(writer.pass_others(rows), marks_by_place(marks), settings.near_duplicates.action):
            writer.take(one)
        _upload(parts, written, settings, destination)
    return written


def _upload(parts: PartFiles, written: Written, settings: Settings, destination: Destination) -> None:
    for folder in parts.folders:
        rejected = folder.startswith(REJECTED)
        part = parts.upload(folder, destination.quarantine if rejected else destination.curated, destination.prefix)
        files = written.curated_files if folder in SPLITS else written.output_files
        (written.quarantine_files if rejected else files).append(part)
        if folder in SPLITS and PARQUET in settings.outputs:
            key = f"{destination.prefix}{PARQUET}/{folder}/{parts.name}.parquet"
            written.output_files.append(parts.convert(folder, chat_to_parquet, destination.curated, key))


class _Writer:
    """Writes each record to its split or its reason, and counts as it writes."""

    def __init__(self, parts: PartFiles, written: Written, settings: Settings, strata: Strata | None) -> None:
        self._parts, self._written, self._settings, self._strata = parts, written, settings, strata
        self._stages = [written.tally.stages.setdefault(name, StageCount()) for name in (EQUAL, SIMILAR)]
        self._formatter = Formatter(settings.outputs, f"{parts.name}.jsonl", written.formatted)

    def pass_others(self, rows: Iterable[Row]) -> Iterator[Candidate]:
        """Yield the candidates among some rows; what is decided already is written at once."""
        for row in rows:
            if isinstance(row, Candidate):
                yield row
            elif isinstance(row, Quarantined):
                self._reject(row.reason, row.quarantine, row.line_key, row.line_number)
            else:
                self._written.tally.add(row)

    def take(self, one: Compared) -> None:
        """Keep a record, or quarantine it as the copy of another one."""
        self._note_cluster(one)
        if one.refusal is None:
            self._count(None, None)
            self._keep(one)
            return
        stage, reason, detail, original = one.refusal
        line = one.record.line
        self._count(stage, reason)
        self._reject(reason.value, quarantine_line(reason, detail, line, original), line.key, line.number)

    def _keep(self, one: Compared) -> None:
        record, split, written = one.record, split_of(one, self._settings, self._strata), self._written
        formatted = record_of(record, self._settings.instruction, one.cluster)
        self._parts.add(split, chat_line(formatted))
        written.straddling += has_company(one, self._settings.near_duplicates.action)
        for folder, line in self._formatter.lines(formatted, split):
            self._parts.add(folder, line)
        written.splits[split] += 1
        written.redacted.update(record.redacted)
        written.tagged.update(record.tagged)
        if self._strata is not None and record.origin == NEW:
            written.strata[stratum_of(record, self._settings.split.stratify), split] += 1
        elif self._stands_alone(one) and written.splits.total() <= MOST_PLACED:
            written.places[int(position(record.example.text, self._settings.split.seed) * PLACES)] += 1
        example = record.example
        written.profile.keep(example.text, example.target, split, record.line.key, record.language)

    def _stands_alone(self, one: Compared) -> bool:
        """Whether a record's own text decides about its side: not where it stands with others, or stays."""
        return one.record.origin == NEW and (one.mark is None or self._settings.near_duplicates.action == "drop")

    def _note_cluster(self, one: Compared) -> None:
        record, mark = one.record, one.mark
        if mark is None:
            return
        text, key, number = record.example.text, record.line.key, record.line.number
        if one.stands_for_others:
            self._written.clusters[mark.size] += 1
            self._written.profile.represent(record.record_id, mark.size, text, key, number)
        else:
            self._written.profile.member(mark.representative, mark.size, text, key, number, mark.similarity)

    def _reject(self, reason: str, line: str, key: str, number: int) -> None:
        self._parts.add(f"{REJECTED}{reason}", line)
        self._written.rejected[reason] += 1
        self._written.profile.reject(reason, line, key, number)

    def _count(self, stage: str | None, reason: Reason | None) -> None:
        """Count a record through both stages, up to the one that refuses it."""
        for name, count in zip((EQUAL, SIMILAR), self._stages, strict=True):
            count.input += 1
            if name == stage and reason is not None:
                count.rejected[reason.value] += 1
                return
            count.kept += 1
