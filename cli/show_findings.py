"""What a check of training data found, in a terminal or for another program.

Both go by file and line. On a terminal a mistake that is made again and again is one row of a table; elsewhere each
finding is a line of place, kind, reason, detail and remedy with tabs between them.
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
from pipelines.formats.reasons import Reason

MOST_DETAILS = 3
"""As many details of one mistake are told, where they differ."""


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


def show_findings(files: Sequence[Checked], whole: Sequence[Finding], console: Console) -> int:
    """Print what was found, and return 1 if anything of it is a refusal, else 0."""
    found = [*whole, *(finding for file in files for finding in (*file.about_the_name, *file.findings.listed))]
    if found and console.is_terminal:
        _print_table(files, whole, console)
    elif found:
        _print_lines(files, whole, console)
    refused = any(not finding.reason.warns for finding in found)
    last = (
        "The service would refuse this data." if refused else "Nothing is known for which the service would refuse it."
    )
    say(last, console, "bold red" if refused else "bold green")
    return int(refused)


def _kind(reason: Reason) -> str:
    return "warning" if reason.warns else "refused"


def _print_lines(files: Sequence[Checked], whole: Sequence[Finding], console: Console) -> None:
    _print_line("all", whole, console)
    for file in files:
        _print_line(str(file.path), file.about_the_name, console)
        for finding in file.findings.listed:
            _print_line(f"{file.path}:{finding.line}", [finding], console)
    for file in files:
        for reason, count in sorted(file.findings.counts.items()):
            if (more := count - sum(finding.reason is reason for finding in file.findings.listed)) > 0:
                say(f"{file.path}: {more:,} more lines with {reason.value}. --show lists more of them.", console)


def _print_line(place: str, findings: Sequence[Finding], console: Console) -> None:
    for finding in findings:
        cells = (place, _kind(finding.reason), finding.reason.value, finding.detail, finding.remedy)
        print("\t".join(cells), file=console.file)  # the console would make spaces of the tabs


def _print_table(files: Sequence[Checked], whole: Sequence[Finding], console: Console) -> None:
    table = Table("place", "", "reason", "what is wrong", "what to do", show_lines=False)
    for finding in whole:
        _add(table, "all", finding.reason, [finding.detail])
    for file in files:
        for finding in file.about_the_name:
            _add(table, str(file.path), finding.reason, [finding.detail])
        for reason, findings in _by_reason(file.findings.listed).items():
            place = f"{file.path}: {_lines([finding.line for finding in findings], file.findings.counts[reason])}"
            _add(table, place, reason, [finding.detail for finding in findings])
    console.print(table)


def _by_reason(findings: Sequence[Finding]) -> dict[Reason, list[Finding]]:
    """The findings of a file by their reason, the reason first that the first line has."""
    groups: dict[Reason, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.reason, []).append(finding)
    return groups


def _lines(listed: Sequence[int], count: int) -> str:
    """Name lines in a row, as many as are listed, and how many there are beside them."""
    numbers = ", ".join(f"{line}" for line in listed)
    if count == 1:
        return f"line {numbers}"
    return f"lines {numbers}" + (f" … and {count - len(listed):,} more" if count > len(listed) else "")


def _add(table: Table, place: str, reason: Reason, details: Sequence[str]) -> None:
    different = list(dict.fromkeys(details))
    shown, others = different[:MOST_DETAILS], len(different) - MOST_DETAILS
    what = "; ".join(shown) + (f"; and {others} others like it" if others > 0 else "")
    style = "yellow" if reason.warns else "red"
    cells = (Text(place), Text(_kind(reason), style), Text(reason.value, style), Text(what), Text(reason.remedy))
    table.add_row(*cells)
