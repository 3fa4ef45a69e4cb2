"""The commands about a run itself: begin it, go on with it, and show what came of it."""

from __future__ import annotations

import json
import time
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cdk_app.settings import SettingsError, examine_settings
from cli.application import ROOT, RUN_ID, WorkflowFile, app, console, fail, interruptible
from cli.say import say


@app.command()
def run(
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Your own JSON Lines, CSV or Parquet, or a folder of them; may be given several times."),
    ] = None,
    evaluation_data: Annotated[
        list[Path] | None,
        typer.Option(help="The files of data.evaluation_set, the test set, where the settings name one; as --data."),
    ] = None,
    workflow: WorkflowFile = ROOT / "workflow.yaml",
    override: Annotated[
        str, typer.Option(help='The execution\'s input, as JSON: \'{"tuning": {"epochs": 2}}\'.')
    ] = "{}",
    run_id: Annotated[str, typer.Option(help="A name for the run; made from the time by default.")] = "",
    output: Annotated[Path, typer.Option(help="Where the report goes.", file_okay=False)] = Path("runs"),
) -> None:
    """Run prepare → select → tune → deploy on this machine and write the report."""
    if run_id and not RUN_ID.fullmatch(run_id):
        rule = "1 to 80 letters, digits, hyphens and underscores, a letter or a digit at both ends"
        raise fail(f"{run_id!r} cannot be a run's id: it takes {rule}.", 2)
    if run_id and (output / run_id).exists():
        raise fail(f"There is a report of a run {run_id} in {output} already. Give the run another id.", 2)
    overrides = parse_override(override)
    try:
        examined = examine_settings(workflow, "twin")
    except SettingsError as error:
        raise fail("\n".join(f"Error: {problem}" for problem in error.problems), 2) from None
    begun_ns = time.time_ns()
    with interruptible(lambda: how_to_go_on(begun_ns)):
        from cli.run import run_workflow  # the twin's packages load for seconds; --help need not wait
        from twin.run.preflight import RunRefused, marked

        try:
            code = run_workflow(
                examined, workflow, data or [], evaluation_data or [], overrides, run_id, output, console
            )
        except RunRefused as error:
            raise fail("\n".join(marked(error.problems, error.notices)), 2) from None
    raise typer.Exit(code)


@app.command()
def resume() -> None:
    """Go on with the last run where it was stopped: what it has done is not done again."""
    with interruptible(how_to_go_on):
        from cli.run import resume_run
        from twin.run.preflight import RunRefused
        from twin.run.resuming import NothingToResume

        try:
            code = resume_run(console)
        except (RunRefused, NothingToResume) as error:
            raise fail(str(error), 2) from None
    raise typer.Exit(code)


def how_to_go_on(since_ns: int = 0) -> str:
    """Say what goes on with a run that has been interrupted; nothing where its workflow had not begun since then."""
    from twin.run.last_run import can_go_on
    from twin.run.session import emulator_folder

    return "`fourfold resume` goes on with the run." if can_go_on(emulator_folder(ROOT), since_ns) else ""


def parse_override(text: str) -> dict[str, Any]:
    """Return the execution's input, or leave with what is wrong about it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:  # beside what is no JSON, a number of thousands of digits
        raise fail(f"--override is not JSON: {error}", 2) from None
    if not isinstance(value, dict):
        raise fail('--override must be a JSON object, such as \'{"tuning": {"epochs": 2}}\'.', 2)
    return value


@app.command()
def report(
    run_id: Annotated[str, typer.Argument(help="The run; the latest by default.")] = "",
    output: Annotated[Path, typer.Option(help="Where the reports are.", file_okay=False)] = Path("runs"),
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Show a run's figures in the terminal and say where its page is."""
    from cli.figures import show_figures
    from twin.run.session import emulator_folder
    from twin.run.standing import read_report, standing

    stands = standing(emulator_folder(ROOT))
    unreported = stands if stands and not stands.reported and run_id in ("", stands.run.run_id) else None
    folders = sorted(path.parent for path in output.glob("*/report.json"))
    chosen = [folder for folder in folders if run_id in ("", folder.name)]
    if not chosen:
        if unreported:
            raise fail(f"There is no report of the last run yet. {unreported}", 2)
        raise fail(f"There is no report {run_id or ''} in {output}. `fourfold run` makes one.".replace("  ", " "), 2)
    latest = max(chosen, key=lambda folder: (folder / "report.json").stat().st_mtime)
    figures = read_report(latest / "report.json")
    if figures is None:
        what_to_do = unreported if unreported and unreported.run.run_id == latest.name else "Name another run."
        raise fail(f"{latest / 'report.json'} is damaged: it holds no report. {what_to_do}")
    if unreported:
        say(f"Notice: {unreported} This is the report of {latest.name}.", Console(stderr=True))
    show_figures(figures, console)
    page = (latest / "report.html").resolve()
    say(f"\n{page}", console)
    if open_page:
        webbrowser.open(page.as_uri())
