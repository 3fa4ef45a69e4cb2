"""What a run here needs, looked at before anything is deployed: what is wrong now is wrong in five minutes, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cdk_app.settings import override_problems
from twin.run.columns import listed
from twin.run.data_files import DataFiles
from twin.run.data_set import Found, in_words, look_into, with_columns
from twin.run.given import Given
from twin.run.held_out import SETTINGS_READ, Counted, Outlook, enough_to_tell, outlook
from twin.run.machine import machine_problems, overridable_problems
from twin.sample_data import COLUMNS as SAMPLE_COLUMNS

__all__ = ["Given", "RunRefused", "check", "marked"]

_COLUMNS = (
    *(f"data.columns.{name}" for name in ("text", "target", "messages", "rejected")),
    "data.max_record_bytes",
    "data.minimum_records",
)


ERROR, NOTICE = "Error:", "Notice:"


class RunRefused(Exception):
    """A run that cannot end well; the text lists every problem with its remedy, a line each, then the notices.

    Attributes:
        problems: what keeps the run from beginning.
        notices: what does not, and is told with it.
    """

    def __init__(self, *problems: str, notices: Iterable[str] = ()) -> None:
        self.problems, self.notices = problems, tuple(notices)
        super().__init__("\n".join([*problems, *marked((), self.notices)]))


def check(run: Given) -> tuple[str, ...]:
    """Refuse what cannot end well, and give what the user should know of what may not.

    Flaws of the settings file are no reason to look no further: what does not depend on them is told with them.

    Raises:
        RunRefused: with every problem.
    """
    # What an execution may override is said by the settings, once they are right.
    of_input = [] if run.flaws else override_problems(run.settings, run.overrides)
    known = replace(run, overrides={}) if of_input or run.flaws else run
    wrong_data, sizes = _data_problems(known)
    problems = [
        *map(str, run.flaws),
        *machine_problems(run),
        *(f"--override {problem}" for problem in of_input),
        *(() if run.flaws and run.overrides else overridable_problems(known)),
        *_evaluation_set_problems(known),
        *wrong_data,
        *sizes.refusals,
    ]
    if problems:
        raise RunRefused(*problems, notices=sizes.notices)
    return sizes.notices


def marked(problems: Iterable[str], notices: Iterable[str] = ()) -> Iterator[str]:
    """Mark by a word what keeps a run from beginning, and after that what does not."""
    yield from (f"{ERROR} {problem}" for problem in problems)
    yield from (f"{NOTICE} {notice}" for notice in notices)


def _data_problems(run: Given) -> tuple[list[str], Outlook]:
    """Look into both data sets: a run needs so many records in all, and each side of the split its share of them."""
    data, evaluation = run.data, run.evaluation
    problems = [*(data.problems if data else ()), *(evaluation.problems if evaluation else ())]
    if not run.readable(*_COLUMNS):
        return problems, Outlook()
    columns = run.settings.data.columns
    if data is None:
        problems += _sample_problems(run, columns.names if columns else ())
    if problems and columns is None:
        return problems, Outlook()  # the first file tells the columns, and which that is may change
    limit, needed = run.settings.data.max_record_bytes, int(run.value("minimum_records"))
    sized = run.readable(*SETTINGS_READ)
    enough = max(needed, enough_to_tell(run)) if sized else needed
    found = look_into(data.readable if data else (), columns, limit, enough)
    test = look_into(evaluation.readable if evaluation else (), columns or found.columns, limit, enough)
    problems += [*found.problems, *test.problems]
    if problems or data is None:
        return problems, Outlook()
    strata = len(data.files) if sized and run.settings.data.split.stratify == "source" else found.targets
    counted = Counted(found.usable, strata, test.usable if evaluation else None)
    return _too_few(data, evaluation, found, test, needed), outlook(run, counted) if sized else Outlook()


def _too_few(data: DataFiles, evaluation: DataFiles | None, found: Found, test: Found, needed: int) -> list[str]:
    if found.usable + test.usable >= needed:
        return []
    files = [*data.files, *(evaluation.files if evaluation else ())]
    faults = found.faults + test.faults
    place = f"{files[0].path} has" if len(files) == 1 else f"All {len(files)} files together have"
    unusable = f" ({in_words(faults)})" if faults else ""
    return [
        f"{place} no more than {found.usable + test.usable:,} records{with_columns(found.columns)} that can be "
        f"used{unusable}, and data.minimum_records asks for {needed:,}. Add records, or lower it in the settings."
    ]


def _sample_problems(run: Given, names: tuple[str, ...]) -> Iterator[str]:
    missing = [name for name in names if name not in SAMPLE_COLUMNS]
    if missing:
        message = f"the sample data has no column {listed(missing)}; it has {listed(SAMPLE_COLUMNS)}"
        yield run.problem(("data", "columns"), message, "Give your own file with --data.")


def _evaluation_set_problems(run: Given) -> Iterator[str]:
    """A test set of one's own has a name in the settings and files on the command line, or neither."""
    if not run.readable("data.evaluation_set", "data.dataset"):
        return
    name, option = run.settings.data.evaluation_set, "--evaluation-data"
    if name and run.evaluation is None:
        what = f"no file is given for the test set {name}, and an account that a run here begins on holds none"
        yield run.problem(("data", "evaluation_set"), what, f"Give its files, or a folder, with {option}.")
    elif run.evaluation and not name:
        line = f"evaluation_set: {run.settings.data.dataset[:58]}-test"
        yield f"{option}: the settings name no test set. Add to {run.workflow}, under data: {line}"
    elif name and run.overrides.get("dataset") == name:
        yield f"--override dataset: {name} is the test set, data.evaluation_set. Name another data set."
