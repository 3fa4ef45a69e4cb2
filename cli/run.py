"""`fourfold run`: one run on the board, then its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from cdk_app.settings import Examined, Settings, load_settings
from cli.errors import explain
from cli.figures import show_figures
from cli.say import say
from cli.show import shown
from twin import events
from twin.emulator import Emulator
from twin.report import collect, write_report
from twin.report.artefacts import Artefacts
from twin.run.board import Board
from twin.run.claim import claimed
from twin.run.data_files import find_data_files
from twin.run.last_run import settings_of_last_run
from twin.run.logs_of_run import write_logs
from twin.run.preflight import Given, check, marked
from twin.run.resuming import refuse_at_once, refuse_what_is_lost, resume, resumed_board
from twin.run.session import Finished, Options, dataset, emulator_folder, new_board, run, state_folder
from twin.run.standing import standing

ROOT = Path(__file__).resolve().parent.parent
Work = Callable[[Settings, Options, Board, Callable[[Emulator, Finished], None]], Finished]


def run_workflow(
    examined: Examined,
    workflow: Path,
    data: Sequence[Path],
    evaluation: Sequence[Path],
    overrides: dict[str, Any],
    run_id: str,
    output: Path,
    console: Console,
) -> int:
    """Run the workflow, write its report, and return the command's exit code.

    A fault of the program itself is raised as it is, once the report is written where there is one.

    Raises:
        RunRefused: the run cannot end well; nothing has begun.
    """
    settings = examined.subject.settings
    own = find_data_files("--data", data) if data else None
    held_out = find_data_files("--evaluation-data", evaluation) if evaluation else None
    given = Given(settings, workflow, own, held_out, overrides, examined.problems, examined.subject.invalid)
    doubts = check(given)
    with claimed(state_folder(ROOT), emulator_folder(ROOT)):
        of_files = filter(None, (files.notice() for files in (own, held_out) if files))
        for notice in marked((), (*of_files, *doubts)):
            say(notice, console, "yellow")
        options = Options(ROOT, workflow, own, held_out, overrides, run_id, output=output)
        return work_claimed(run, settings, options, new_board(), console)


def resume_run(console: Console) -> int:
    """Go on with the last run, write its report, and return the command's exit code.

    Raises:
        NothingToResume: there is no run to go on with.
        RunRefused: another command uses the account.
    """
    account = emulator_folder(ROOT)
    refuse_at_once(standing(account))
    with claimed(state_folder(ROOT), account):
        last = refuse_what_is_lost(standing(account)).run
        workflow = settings_of_last_run(account)
        options = Options(ROOT, workflow, overrides=last.overrides, output=last.output)
        settings = load_settings(workflow, "twin")
        return work_claimed(partial(resume, last.arn), settings, options, resumed_board(), console)


def work_claimed(work: Work, settings: Settings, options: Options, board: Board, console: Console) -> int:
    """Run or resume the workflow in a state folder that is this run's own; as `run_workflow` and `resume_run`."""
    log, output = emulator_folder(ROOT) / "emulator.log", options.output
    figures: dict[str, Any] = {}
    rejected: list[Path] = []

    def report(emulator: Emulator, finished: Finished) -> None:
        run_id = finished.outcome.run_id
        client, outputs = emulator.client, finished.outputs
        artefacts = Artefacts(client("s3"), outputs, dataset(settings, options), run_id, client("sagemaker"))
        happened = [event for event, _ in events.read(finished.events)]
        error, limit, logs = describe(finished.error, log), settings.longest_prompt, None
        if finished.outcome.status != "SUCCEEDED":
            logs = kept_logs(emulator, output / run_id / "log.txt")
        of_run = (finished.outcome, board, artefacts, finished.probed, happened, error, limit, logs)
        figures.update(collect(*of_run, finished.attempts))
        write_report(figures, output / run_id, artefacts.data_card())
        if figures["data"] and any(figures["data"]["rejected"].values()):
            rejected.append(emulator.local_path(figures["data"]["quarantine"]))

    try:
        with shown(board, console):
            finished = work(settings, options, board, report)
    except Exception as error:
        message = explain(error, log)
        if message is None:
            raise
        say(message, Console(stderr=True), "red")
        return 1
    console.print()
    show_figures(figures, console)
    page = output / finished.outcome.run_id / "report.html"
    say(f"\nThe report: {page.resolve()}", console)
    for folder in rejected:
        say(f"The rejected records, until the next run: {folder}", console)
    if finished.good:
        say("The model, until the next run: `fourfold ask` or `fourfold serve`", console)
    if finished.error is not None and explain(finished.error, log) is None:
        raise finished.error
    return 0 if finished.good else 1


def kept_logs(emulator: Emulator, file: Path) -> str | None:
    """Write the run's logs and return where; without them the report is still worth having, so failing is only said."""
    try:
        return str(write_logs(emulator.client("logs"), file).resolve())
    except (OSError, BotoCoreError, ClientError) as error:
        say(f"The logs of the run could not be kept in {file}: {error}", Console(stderr=True), "yellow")
        return None


def describe(error: Exception | None, log: Path) -> str | None:
    """Return what a report says of an error."""
    if error is None:
        return None
    return explain(error, log) or f"{type(error).__name__}: {error}"
