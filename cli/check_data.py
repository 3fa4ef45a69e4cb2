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

from cli.forms import forms_in_words, taken_forms, takers, too_few_for_anyone, without_a_model, wrong_form
from cli.near import not_known
from cli.say import say, tell
from cli.show_findings import Checked, show_findings, show_totals
from cli.trained_model import TrainedModel, WrongUsage, limits_in_words, trained_model
from cli.training_files import FOR_RAW_DATA, gather
from pipelines.formats.check import check_lines, check_name, check_set
from pipelines.formats.detect import detect
from pipelines.formats.fields import key_names
from pipelines.formats.findings import Finding, Findings
from pipelines.formats.json_lines import LineStream, parse_line, read_lines
from pipelines.formats.reasons import Problem, Reason
from pipelines.formats.records import Format

AUTO = "auto"
MOST_FOR_A_PERSON = 20
MOST_FOR_A_PROGRAM = 100_000
"""Lines of a reason that are listed in a pipe: as good as all, and no more than memory has room for."""


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
    given, held_out_given = gather(files), gather([validation] if validation else [])
    _check_format(form)
    trained = trained_model(model)
    key = trained.key if trained and trained.rows else None
    chosen, why = _choose_format(given.read, form, trained)
    limits = limits_in_words(trained, chosen) if trained else without_a_model(chosen)
    tell(f"Format: {chosen.value} ({why}). {limits}", console)
    for sentence in (*given.skipped, *held_out_given.skipped):
        tell(sentence, console)
    most = most_listed or (MOST_FOR_A_PERSON if console.is_terminal else MOST_FOR_A_PROGRAM)
    training = [_check(path, chosen, key, most) for path in given.read]
    held_out = [_check(path, chosen, key, most) for path in held_out_given.read]
    whole = _of_the_whole(trained, _joined(training), _joined(held_out) if held_out else None)
    show_totals("Training", _joined(training), console)
    if held_out:
        show_totals("Validation", _joined(held_out), console)
    code = show_findings([*training, *held_out], whole, console)
    _say_what_to_write(chosen, _joined(training), code, console)
    return code


def _of_the_whole(trained: TrainedModel | None, training: Findings, validation: Findings | None) -> list[Finding]:
    found = [*wrong_form(trained, training.format), *check_set(training, validation)]
    if trained is None or not trained.rows:
        found += too_few_for_anyone(training, validation)
    return found


def _say_what_to_write(form: Format, training: Findings, code: int, console: Console) -> None:
    """Show the forms that anything is trained on, if this is none; and where raw data goes, if it looks like such."""
    if not takers(form):
        tell("What is trained on, by whom, and a line of each:", console)
        for line in forms_in_words(taken_forms()):
            say(line, console)
    if code and not training.accepted and Reason.MISSING_KEY in training.counts:
        tell(FOR_RAW_DATA, console)


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
    raise UnreadableData(_of_no_form(first, line))


def _of_no_form(path: Path, line: bytes) -> str:
    """Say what the first record of a file is instead, and which forms there are."""
    document = parse_line(line)
    if isinstance(document, Problem):
        what = f"The first record of {path} cannot be read: {document.detail}. {document.reason.remedy}"
        if document.reason.of_the_file:
            return what
    else:
        what = f"The first record of {path} has {key_names(document) or 'no keys'}: the form of no training data."
    forms = "\n".join(forms_in_words(Format))
    return f"{what} These are the forms, who is trained on each, and a line of it:\n{forms}\n{FOR_RAW_DATA}"


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
