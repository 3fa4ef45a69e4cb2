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

from cli.near import not_known
from cli.say import say
from cli.show_findings import Checked, show_findings, show_totals
from cli.trained_model import TrainedModel, WrongUsage, limits_in_words, trained_model
from pipelines.formats.check import check_lines, check_name, check_set
from pipelines.formats.detect import detect
from pipelines.formats.findings import Findings
from pipelines.formats.json_lines import LineStream, read_lines
from pipelines.formats.records import Format

AUTO = "auto"
MOST_FOR_A_PERSON = 20
MOST_FOR_A_PROGRAM = 100_000
"""Lines of a reason that are listed in a pipe: as good as all, and no more than memory has room for."""
SUFFIXES = (".jsonl", ".jsonl.gz")
FOR_RAW_DATA = (
    "Training files for Bedrock and SageMaker are checked here, as the preparation writes them. "
    "Data that is still to be prepared needs no such check: `fourfold run --data FILE` looks at it first."
)


class UnreadableData(ValueError):
    """A file has no lines that could be judged."""


def check_data(
    files: Sequence[Path], validation: Path | None, form: str, model: str, most_listed: int | None, console: Console
) -> int:
    """Check the files, print what was found, and return 1 if the service would refuse them, else 0.

    Args:
        files: training data, or folders of it.
        validation: a file of validation data, or a folder of it; None where there is none.
        form: a format, or `auto`.
        model: a model of the catalogue; empty where the form alone is checked.
        most_listed: how many lines of each reason are listed; None: as many as who reads them takes.
        console: where to.

    Raises:
        WrongUsage: a format, a model or a kind of file that is not known.
        UnreadableData: a file is no gzip file though it is called so, or its format cannot be told.
    """
    training_files, validation_files = _files(files), _files([validation] if validation else [])
    _check_format(form)
    trained = trained_model(model)
    key = trained.key if trained and trained.rows else None
    chosen, why = _choose_format(training_files, form, trained)
    say(f"Format: {chosen.value} ({why}). {limits_in_words(trained, chosen)}", console)
    most = most_listed or (MOST_FOR_A_PERSON if console.is_terminal else MOST_FOR_A_PROGRAM)
    training = [_check(path, chosen, key, most) for path in training_files]
    held_out = [_check(path, chosen, key, most) for path in validation_files]
    whole = check_set(_joined(training), _joined(held_out) if held_out else None)
    show_totals("Training", _joined(training), console)
    if held_out:
        show_totals("Validation", _joined(held_out), console)
    code = show_findings([*training, *held_out], whole, console)
    if code and not _joined(training).accepted:
        say(FOR_RAW_DATA, console)
    return code


def _files(given: Sequence[Path]) -> list[Path]:
    """Return the files, and those of the folders, by their names."""
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if _is_training_file(file))
            if not inside:
                wanted = f"{' or '.join(SUFFIXES)} file"
                raise WrongUsage(
                    f"{path} is a folder, and has no {wanted}. Give such files, or a folder that has some."
                )
            found += inside
        elif not path.is_file():
            raise WrongUsage(f"There is no file {path}.")
        elif not path.name.endswith(SUFFIXES):
            raise WrongUsage(f"{path}: {' and '.join(SUFFIXES)} files are read. {FOR_RAW_DATA}")
        else:
            found.append(path)
    return found


def _is_training_file(path: Path) -> bool:
    return path.is_file() and path.name.endswith(SUFFIXES) and not path.name.startswith(".")


def _check_format(form: str) -> None:
    formats = [AUTO, *Format]
    if form not in formats:
        raise WrongUsage(not_known("--format", form, formats))


def _choose_format(files: Sequence[Path], form: str, trained: TrainedModel | None) -> tuple[Format, str]:
    if form != AUTO:
        return Format(form), "as you say"
    first, line = _first_record(files)
    if (found := detect(line)) is not None:
        return found, f"by the first record of {first}"
    if trained:
        return trained.format, f"what {trained.name} takes; the first record of {first} has the form of none"
    raise UnreadableData(
        f"The first record of {first} has the form of no training data. Say --format to see why. {FOR_RAW_DATA}"
    )


def _first_record(files: Sequence[Path]) -> tuple[Path, bytes]:
    """Return the first record, and the file that has it: some of many files may be empty."""
    for path in files:
        with _lines(path) as lines:
            line = next((line for line in lines if line.strip()), None)
        if line is not None:
            return path, line
    raise UnreadableData(f"{' and '.join(map(str, files))} holds no record. See whether it is the right file.")


def _check(path: Path, form: Format, model: str | None, most_listed: int) -> Checked:
    with _lines(path, shown=True) as lines:
        findings = check_lines(lines, form, model, most_listed=most_listed)
    return Checked(path, findings, check_name(path.name, model))


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
    whole = Findings(parts[0].findings.format, parts[0].findings.model)
    for part in parts:
        whole.add(part.findings)
    return whole
