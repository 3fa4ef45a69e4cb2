"""Check training data before a service refuses it: which lines, why, and what to do.

The judging is `pipelines.formats`, the same that the Glue job judges its outputs by; here files become lines, and
findings become a table and an exit code.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cli.say import say
from cli.show_findings import Checked, show_findings, show_totals
from pipelines.formats.check import check_lines, check_name, check_set
from pipelines.formats.detect import detect
from pipelines.formats.findings import Findings
from pipelines.formats.json_lines import LineStream, read_lines
from pipelines.formats.limits import FAMILIES, Limits, rows_of
from pipelines.formats.records import Format

AUTO = "auto"
SUFFIXES = (".jsonl", ".jsonl.gz")
FOR_RAW_DATA = (
    "Training files for Bedrock and SageMaker are checked here, as the preparation writes them. "
    "Data that is still to be prepared needs no such check: `fourfold run --data FILE` looks at it first."
)


class WrongUsage(ValueError):
    """What was asked for cannot be done; the message says what can."""


class UnreadableData(ValueError):
    """A file has no lines that could be judged."""


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
    say(f"Format: {chosen.value} ({why}). {_limits(model, rows)}", console)
    training = [_check(path, chosen, model, most_listed) for path in files]
    held_out = _check(validation, chosen, model, most_listed) if validation else None
    whole = check_set(_joined(training), held_out.findings if held_out else None)
    show_totals("Training", _joined(training), console)
    if held_out:
        show_totals("Validation", held_out.findings, console)
    code = show_findings([*training, *([held_out] if held_out else [])], whole, console)
    if code and not _joined(training).accepted:
        say(FOR_RAW_DATA, console)
    return code


def _check_usage(files: Sequence[Path], form: str, family: str) -> None:
    for path in files:
        if not path.is_file():
            raise WrongUsage(f"There is no file {path}.")
        if not path.name.endswith(SUFFIXES):
            raise WrongUsage(f"{path}: {' and '.join(SUFFIXES)} files are read. {FOR_RAW_DATA}")
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
        f"The first record of {first} has the form of no training data. Say --format to see why. {FOR_RAW_DATA}"
    )


def _limits(family: str | None, rows: Sequence[Limits]) -> str:
    if family is None:
        return "No model is named: the form is checked, and no limits. --model checks them as well."
    if not rows:
        return f"{rows_of(family)[0].model} takes another format."
    return f"Limits: {rows[0].model}, {rows[0].method}."


def _check(path: Path, form: Format, family: str | None, most_listed: int) -> Checked:
    with _lines(path, shown=True) as lines:
        findings = check_lines(lines, form, family, most_listed=most_listed)
    return Checked(path, findings, check_name(path.name, family))


@contextmanager
def _lines(path: Path, shown: bool = False) -> Iterator[Iterator[bytes]]:
    """Open a file's lines, unpacked; how far the reading is shows where there is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
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
