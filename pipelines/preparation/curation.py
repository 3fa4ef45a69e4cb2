"""The stages that look at one record alone, in order, counting at each what came in, what stayed and what went."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipelines.preparation.formats import quarantine_line
from pipelines.preparation.html_text import html_to_text
from pipelines.preparation.identity import assign_split, digest
from pipelines.preparation.lines import EXCERPT_BYTES
from pipelines.preparation.parsing import parse
from pipelines.preparation.personal_data import protect
from pipelines.preparation.quality import check_quality
from pipelines.preparation.records import Candidate, Example, Line, Quarantined, Reason, Rejected
from pipelines.preparation.settings import Settings
from pipelines.preparation.unicode_text import normalize

STAGES = ("parse", "clean", "filter", "personal_data", "deduplicate", "near_duplicates")
"""Every stage in order; `curate` does all but the last two, which must see records together."""


@dataclass(slots=True)
class StageCount:
    """What one stage did: `input == kept + sum(rejected.values())`."""

    input: int = 0
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: "StageCount") -> None:
        """Add the count of another share of the records."""
        self.input += other.input
        self.kept += other.kept
        self.rejected.update(other.rejected)


@dataclass(slots=True)
class Tally:
    """Counts by stage."""

    stages: dict[str, StageCount] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count one record through a stage: rejected when the body raises `Rejected`, kept otherwise."""
        count = self.stages.setdefault(name, StageCount())
        count.input += 1
        try:
            yield
        except Rejected as rejected:
            count.rejected[rejected.reason.value] += 1
            raise
        count.kept += 1

    def add(self, other: "Tally") -> None:
        """Add the counts of another share of the records."""
        for name, count in other.stages.items():
            self.stages.setdefault(name, StageCount()).add(count)


def curate(line: Line, settings: Settings, tally: Tally) -> Candidate | Quarantined:
    """Take one line through every stage, and say what became of it."""
    try:
        with tally.stage("parse"):
            example = parse(line, settings.columns, settings.max_record_bytes)
        with tally.stage("clean"):
            example = clean(example)
        with tally.stage("filter"):
            check_quality(example, settings.filters, settings.quality, summary=settings.kind == "summarization")
        with tally.stage("personal_data"):
            example, redacted = protect(example, settings.personal_data)
    except Rejected as rejected:
        text = quarantine_line(rejected.reason, rejected.detail, line)
        return Quarantined(rejected.reason.value, text, line.key, line.number)
    text_digest = digest(example.text)
    return Candidate(
        digest=text_digest,
        split=assign_split(example.text, settings.split),
        example=example,
        redacted=redacted,
        line=line._replace(content=line.content[:EXCERPT_BYTES]),
    )


def clean(example: Example) -> Example:
    """Return text and target as plain, normalized text; refuses what has nothing but markup and white space."""
    cleaned = Example(normalize(html_to_text(example.text)), normalize(html_to_text(example.target)))
    for name, text in (("text", cleaned.text), ("target", cleaned.target)):
        if not text:
            raise Rejected(Reason.EMPTY, f"the {name} has only markup or white space")
    return cleaned
