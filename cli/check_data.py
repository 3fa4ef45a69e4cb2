"""Check training data before a service refuses it: which lines, why, and what to do.

On a terminal the findings are a table; elsewhere each is a line of `place`, `kind`, `reason`, `detail` and `remedy`
with tabs between them, which other programs read.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipelines.formats.check import check_lines, check_name, check_set
from pipelines.formats.detect import detect
from pipelines.formats.findings import Finding, Findings
from pipelines.formats.json_lines import LineStream, read_lines
from pipelines.formats.limits import FAMILIES, Limits, rows_of
from pipelines.formats.records import Format

AUTO = "auto"
SUFFIXES = (".jsonl", ".jsonl.gz")


class WrongUsage(ValueError):
    """What was asked for cannot be done; the message says what can."""


class UnreadableData(ValueError):
    """A file has no lines that could be judged."""


@dataclass(frozen=True)
class Checked:
    """A file and what was found in it, or in its name."""

    path: Path
    findings: Findings
    about_the_name: Sequence[Finding]


def check_data(
    files: Sequence[Path], validation: Path | None, form: str, family: str, most_listed: int, console: Console
) -> int:
    """Check the files, print what was found, and return 1 if the service would refuse them, else 0.

    Raises:
        WrongUsage: a format, a model or a kind of file that is not known.
        UnreadableData: a file is no gzip file though it is called so, or its format cannot be told.
    """
    _check_usage([*files, *([validation] if validation else [])], form, family)
    chosen, why = _choose_format(files[0], form, family)
    model = family or None
    rows = [] if model is None else [row for row in rows_of(model) if row.format is chosen]
    console.print(f"Format: {chosen.value} ({why}). {_limits(model, rows)}", highlight=False, soft_wrap=True)
    training = [_check(path, chosen, model, most_listed) for path in files]
    held_out = _check(validation, chosen, model, most_listed) if validation else None
    whole = check_set(_joined(training), held_out.findings if held_out else None)
    _show_totals("Training", _joined(training), console)
    if held_out:
        _show_totals("Validation", held_out.findings, console)
    return _show([*training, *([held_out] if held_out else [])], whole, console)


def _check_usage(files: Sequence[Path], form: str, family: str) -> None:
    for path in files:
        if not path.is_file():
            raise WrongUsage(f"There is no file {path}.")
        if not path.name.endswith(SUFFIXES):
            raise WrongUsage(f"{path}: {' and '.join(SUFFIXES)} files are read. Convert the file, or rename it.")
    formats = [AUTO, *Format]
    if form not in formats:
        raise WrongUsage(f"--format {form} is not known; these are: {', '.join(formats)}.")
    if family and family not in FAMILIES:
        raise WrongUsage(f"--model {family} is not known; these are: {', '.join(FAMILIES)}.")


def _choose_format(first: Path, form: str, family: str) -> tuple[Format, str]:
    if form != AUTO:
        return Format(form), "as you say"
    with _lines(first) as lines:
        line = next((line for line in lines if line.strip()), None)
    if line is None:
        raise UnreadableData(f"{first} holds no record. See whether it is the right file.")
    if (found := detect(line)) is not None:
        return found, f"by the first record of {first}"
    if family:
        row = rows_of(family)[0]
        return row.format, f"what {row.model} takes; the first record of {first} has the form of none"
    raise UnreadableData(
        f"The first record of {first} has the form of no format that is known. Say --format to see why."
    )


def _limits(family: str | None, rows: Sequence[Limits]) -> str:
    if family is None:
        return "No model is named: the form is checked, and no limits. --model checks them as well."
    if not rows:
        return f"{rows_of(family)[0].model} takes another format."
    return f"Limits: {rows[0].model}, {rows[0].method}."


def _check(path: Path, form: Format, family: str | None, most_listed: int) -> Checked:
    with _lines(path, shown=True) as lines:
        findings = check_lines(lines, form, family, most_listed)
    return Checked(path, findings, check_name(path.name, family))


@contextmanager
def _lines(path: Path, shown: bool = False) -> Iterator[Iterator[bytes]]:
    """Open a file's lines, unpacked; how far the reading is shows where there is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with (
            Progress(
                *columns, console=console, transient=True, disable=not (shown and console.is_terminal)
            ) as progress,
            path.open("rb") as file,
            progress.wrap_file(file, path.stat().st_size, description=path.name) as watched,
        ):
            stream: LineStream = gzip.GzipFile(fileobj=watched) if path.suffix == ".gz" else watched
            yield read_lines(stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableData(f"{path} cannot be unpacked: {error}. Pack it anew.") from error


def _joined(parts: Sequence[Checked]) -> Findings:
    whole = Findings(parts[0].findings.format, parts[0].findings.family)
    for part in parts:
        whole.add(part.findings)
    return whole


def _show_totals(name: str, findings: Findings, console: Console) -> None:
    console.print(
        f"{name}: {findings.lines:,} records, {findings.size:,} bytes, {findings.characters:,} characters, "
        f"about {findings.tokens:,} tokens; {findings.accepted:,} records are as they should be.",
        highlight=False,
        soft_wrap=True,
    )


@dataclass(frozen=True)
class _Row:
    place: str
    finding: Finding

    @property
    def kind(self) -> str:
        return "warning" if self.finding.reason.warns else "refused"


def _show(files: Sequence[Checked], whole: Sequence[Finding], console: Console) -> int:
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
                console.print(f"{file.path}: {more:,} more lines with {reason.value}", highlight=False, soft_wrap=True)
    refused = any(row.kind == "refused" for row in rows)
    last = (
        "The service would refuse this data." if refused else "Nothing is known for which the service would refuse it."
    )
    console.print(last, style="bold red" if refused else "bold green", highlight=False)
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
        console.out("\t".join(cells), highlight=False)
