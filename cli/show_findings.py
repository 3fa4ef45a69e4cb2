"""What a check of training data found, in a terminal or for another program.

Both go by file and line. On a terminal a mistake that is made again and again is one row of a table; elsewhere each
finding is a line of place, kind, reason, detail and remedy with tabs between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cli.say import say, tell
from cli.words import plural, runs
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
    counts = {"record": findings.lines, "byte": findings.size, "character": findings.characters}
    text = ", ".join(plural(number, one) for one, number in counts.items())
    line = f"{name}: {text}, about {plural(findings.tokens, 'token')}. "
    tell(f"{line}Of the records, {findings.accepted:,} would be accepted.", console)


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
        for finding in _by_line(file.findings):
            _print_line(f"{file.path}:{finding.line}", [finding], console)
    for file in files:
        for reason, count in sorted(file.findings.counts.items()):
            if (
                not reason.of_the_file
                and (more := count - sum(finding.reason is reason for finding in file.findings.listed)) > 0
            ):
                say(
                    f"{file.path}: {plural(more, 'more line')} with {reason.value}. --show lists more of them.", console
                )


def _by_line(findings: Findings) -> Iterator[Finding]:
    """Yield what is listed, and once what is found on many lines because of how the file was saved."""
    told: set[Reason] = set()
    for finding in findings.listed:
        if not finding.reason.of_the_file:
            yield finding
        elif finding.reason not in told:
            told.add(finding.reason)
            yield finding._replace(detail=_of_the_file(finding, findings))


def _of_the_file(first: Finding, findings: Findings) -> str:
    return f"{findings.counts[first.reason]:,} of {plural(findings.lines, 'line')}, the first here: {first.detail}"


def _print_line(place: str, findings: Sequence[Finding], console: Console) -> None:
    for finding in findings:
        cells = (place, _kind(finding.reason), finding.reason.value, finding.detail, finding.remedy)
        print("\t".join(cells), file=console.file)  # the console would make spaces of the tabs


def _print_table(files: Sequence[Checked], whole: Sequence[Finding], console: Console) -> None:
    heads = ("place", "", "reason", "what is wrong", "what to do")
    table = Table(*(Column(head, overflow="fold") for head in heads), show_lines=False)
    for finding in whole:
        _add(table, "all", finding.reason, finding.detail)
    for file in files:
        for finding in file.about_the_name:
            _add(table, str(file.path), finding.reason, finding.detail)
        for reason, findings in _by_reason(file.findings.listed).items():
            count = file.findings.counts[reason]
            if reason.of_the_file:
                _add(table, f"{file.path}: line {findings[0].line}", reason, _of_the_file(findings[0], file.findings))
                continue
            more = f" … and {count - len(findings):,} more" if count > len(findings) else ""
            place = f"{file.path}: {_lines([finding.line for finding in findings], count)}{more}"
            _add(table, place, reason, _details(findings))
    console.print(table)


def _by_reason(findings: Sequence[Finding]) -> dict[Reason, list[Finding]]:
    """The findings of a file by their reason, the reason first that the first line has."""
    groups: dict[Reason, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.reason, []).append(finding)
    return groups


def _lines(listed: Sequence[int], count: int) -> str:
    """Name lines in a row; `count` is how many there are, listed or not."""
    return f"{'line' if count == 1 else 'lines'} {runs(listed)}"


def _details(findings: Sequence[Finding]) -> str:
    """Tell what is wrong with lines of one reason; where that differs, which line has what."""
    lines: dict[str, list[int]] = {}
    for finding in findings:
        lines.setdefault(finding.detail, []).append(finding.line)
    if len(lines) == 1:
        return next(iter(lines))
    shown = [f"{_lines(having, len(having))}: {detail}" for detail, having in list(lines.items())[:MOST_DETAILS]]
    others = len(lines) - MOST_DETAILS
    return "; ".join([*shown, f"and {others} others like it"] if others > 0 else shown)


def _add(table: Table, place: str, reason: Reason, what: str) -> None:
    style = "yellow" if reason.warns else "red"
    cells = (Text(place), Text(_kind(reason), style), Text(reason.value, style), Text(what), Text(reason.remedy))
    table.add_row(*cells)
