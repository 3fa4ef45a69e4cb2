"""What a check of training data found, in a terminal or for another program.

On a terminal it is a table; elsewhere each finding is a line of place, kind, reason, detail and remedy with tabs
between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.say import say
from pipelines.formats.findings import Finding, Findings


@dataclass(frozen=True)
class Checked:
    """A file and what was found in it, or in its name."""

    path: Path
    findings: Findings
    about_the_name: Sequence[Finding]


def show_totals(name: str, findings: Findings, console: Console) -> None:
    """Print how much was checked."""
    records = f"{findings.lines:,} record{'' if findings.lines == 1 else 's'}"
    text = f"{findings.size:,} bytes, {findings.characters:,} characters, about {findings.tokens:,} tokens"
    line = f"{name}: {records}, {text}. Of the records, {findings.accepted:,} would be accepted."
    say(line, console)


@dataclass(frozen=True)
class _Row:
    place: str
    finding: Finding

    @property
    def kind(self) -> str:
        return "warning" if self.finding.reason.warns else "refused"


def show_findings(files: Sequence[Checked], whole: Sequence[Finding], console: Console) -> int:
    """Print what was found, and return 1 if anything of it is a refusal, else 0."""
    rows = [_Row("all", finding) for finding in whole]
    for file in files:
        rows += [_Row(str(file.path), finding) for finding in file.about_the_name]
        rows += [_Row(f"{file.path}:{finding.line}", finding) for finding in file.findings.listed]
    rows.sort(key=lambda row: (row.finding.reason.warns, row.finding.reason))
    if rows:
        _print_table(rows, console) if console.is_terminal else _print_lines(rows, console)
    for file in files:
        for reason, count in sorted(file.findings.counts.items()):
            if (more := count - sum(finding.reason is reason for finding in file.findings.listed)) > 0:
                say(f"{file.path}: {more:,} more lines with {reason.value}", console)
    refused = any(row.kind == "refused" for row in rows)
    last = (
        "The service would refuse this data." if refused else "Nothing is known for which the service would refuse it."
    )
    say(last, console, "bold red" if refused else "bold green")
    return int(refused)


def _print_table(rows: Sequence[_Row], console: Console) -> None:
    table = Table("place", "reason", "what is wrong", "what to do", show_lines=False)
    before = None
    for row in rows:
        style = "yellow" if row.finding.reason.warns else "red"
        new = row.finding.reason is not before
        before = row.finding.reason
        table.add_row(
            Text(row.place),
            Text(row.finding.reason.value if new else "", style),
            Text(row.finding.detail),
            Text(row.finding.remedy if new else ""),
        )
    console.print(table)


def _print_lines(rows: Sequence[_Row], console: Console) -> None:
    for row in rows:
        cells = (row.place, row.kind, row.finding.reason.value, row.finding.detail, row.finding.remedy)
        print("\t".join(cells), file=console.file)  # the console would make spaces of the tabs
