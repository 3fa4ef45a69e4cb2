"""What a check found: counts of everything, and the first lines of each reason, in bounded memory."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from pipelines.formats.bounds import estimated_tokens
from pipelines.formats.reasons import Reason
from pipelines.formats.records import Format


class Finding(NamedTuple):
    """One thing that is wrong: `line` counts from 1, and is 0 where it is the whole."""

    line: int
    reason: Reason
    detail: str
    file: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.reason.remedy


@dataclass(slots=True)
class Findings:
    """What was found in one or more files; several are joined with `add`."""

    format: Format
    model: str | None = None
    file: str = ""
    """What the file is called where its lines are listed."""
    most_listed: int = 20
    """How many lines of each reason are listed; all are counted."""
    lines: int = 0
    accepted: int = 0
    """Lines that nothing refuses."""
    characters: int = 0
    """Characters of the texts, without what is around them."""
    longest: int = 0
    """Characters of the longest record."""
    size: int = 0
    """Bytes of the lines."""
    counts: Counter[Reason] = field(default_factory=Counter)
    """Number of lines, by reason."""
    listed: list[Finding] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether the service would refuse the data."""
        return any(not reason.warns for reason in self.counts)

    @property
    def tokens(self) -> int:
        """About how many tokens the texts have, as AWS estimates it."""
        return estimated_tokens(self.characters)

    def note(self, finding: Finding) -> None:
        """Count a finding, and list it if there is room."""
        self.counts[finding.reason] += 1
        if self.counts[finding.reason] <= self.most_listed:
            self.listed.append(finding._replace(file=self.file))

    def add(self, other: "Findings") -> None:
        """Add what was found in another file; lines are listed by file and line."""
        self.lines += other.lines
        self.accepted += other.accepted
        self.characters += other.characters
        self.longest = max(self.longest, other.longest)
        self.size += other.size
        self.counts.update(other.counts)
        # The first by file and line, whoever is added to whom: on a cluster that differs from time to time.
        listed, room = sorted([*self.listed, *other.listed], key=_place), dict.fromkeys(self.counts, self.most_listed)
        self.listed = []
        for finding in listed:
            room[finding.reason] -= 1
            if room[finding.reason] >= 0:
                self.listed.append(finding)


def _place(finding: Finding) -> tuple[str, int, Reason]:
    return finding.file, finding.line, finding.reason
