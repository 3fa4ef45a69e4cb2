"""The stages that look at one record alone, in order, counting at each what came in, what stayed and what went."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipelines.preparation.formats import quarantine_line
from pipelines.preparation.harmful import check_harmful
from pipelines.preparation.identity import assign_split, digest
from pipelines.preparation.language import check_language
from pipelines.preparation.parsing import parse
from pipelines.preparation.personal_data import protect
from pipelines.preparation.plain_text import plain
from pipelines.preparation.preference import check_answers_differ
from pipelines.preparation.quality import check_quality
from pipelines.preparation.reading.lines import EXCERPT_BYTES
from pipelines.preparation.records import HELD_OUT, NEW, Candidate, Example, Line, Quarantined, Reason, Rejected
from pipelines.preparation.settings import Settings
from pipelines.preparation.tokens.check import check_tokens

OF_ONE_RECORD = ("parse", "clean", "language", "filter", "personal_data", "harmful")
STAGES = (*OF_ONE_RECORD, "deduplicate", "near_duplicates")
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
    """Counts by stage, and how many of the records come from the run that is added to."""

    stages: dict[str, StageCount] = field(default_factory=dict)
    carried_over: int = 0

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

    def carry_over(self) -> None:
        """Count a record that has passed the stages in an earlier run."""
        self.carried_over += 1
        for name in OF_ONE_RECORD:
            count = self.stages.setdefault(name, StageCount())
            count.input, count.kept = count.input + 1, count.kept + 1

    def add(self, other: "Tally") -> None:
        """Add the counts of another share of the records."""
        self.carried_over += other.carried_over
        for name, count in other.stages.items():
            self.stages.setdefault(name, StageCount()).add(count)


def curate(line: Line, settings: Settings, tally: Tally) -> Candidate | Quarantined:
    """Take one line through every stage, and say what became of it."""
    try:
        with tally.stage("parse"):
            example = parse(line, settings.schema, settings.max_record_bytes)
        with tally.stage("clean"):
            example = clean(example)
        with tally.stage("language"):
            language = check_language(example.text, settings.languages).code if settings.languages else None
        with tally.stage("filter"):
            check_quality(example, settings.filters, settings.quality, summary=settings.kind == "summarization")
            if example.rejected:
                check_answers_differ(example)
            check_tokens(example, settings)
        with tally.stage("personal_data"):
            example, found = protect(example, settings.personal_data)
            if example.rejected:
                check_answers_differ(example)  # perhaps by nothing but what was replaced
        with tally.stage("harmful"):
            harmful = check_harmful(example, settings.harmful)
    except Rejected as rejected:
        text = quarantine_line(rejected.reason, rejected.detail, line)
        return Quarantined(rejected.reason.value, text, line.key, line.number)
    origin = HELD_OUT if settings.holds_out(line.key) else NEW
    redacted, tagged = (found, {}) if settings.personal_data == "redact" else ({}, found)
    return Candidate(
        digest=digest(example.text),
        split="test" if origin == HELD_OUT else assign_split(example.text, settings.own_split),
        example=example,
        redacted=redacted,
        line=Line(line.key, line.number, line.content[:EXCERPT_BYTES], line.size),
        origin=origin,
        language=language,
        tagged=tagged | ({"harmful": len(harmful.words)} if harmful else {}),
    )


def clean(example: Example) -> Example:
    """Return the example as plain, normalized text; refuses what has nothing but markup and white space."""
    cleaned = example.map(plain)
    named = [(turn.role, turn.content) for turn in cleaned.turns] or [("text", cleaned.text)]
    if example.target and not cleaned.turns:
        named.append(("target", cleaned.target))
    if example.rejected:
        named.append(("rejected answer", cleaned.rejected))
    for name, text in named:
        if not text:
            raise Rejected(Reason.EMPTY, f"the {name} has only markup or white space")
    return cleaned
