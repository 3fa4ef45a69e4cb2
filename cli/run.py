"""`fourfold run`: one run on the board, then its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from cdk_app.settings import Settings
from cli.figures import show_figures
from cli.show import shown
from twin import events
from twin.emulator import Emulator, EmulatorError
from twin.report import collect, write_report
from twin.report.artefacts import Artefacts
from twin.run.probe import ProbeFailed
from twin.run.session import Finished, Options, new_board, run
from twin.run.synthesis import SynthesisFailed

ROOT = Path(__file__).resolve().parent.parent


def run_workflow(
    settings: Settings,
    workflow: Path,
    data: Path | None,
    overrides: dict[str, Any],
    run_id: str,
    output: Path,
    console: Console,
) -> int:
    """Run the workflow, write its report, and return the command's exit code."""
    options = Options(ROOT, workflow, data, overrides, run_id)
    board = new_board()
    written: list[Path] = []

    def report(emulator: Emulator, finished: Finished) -> None:
        artefacts = Artefacts(emulator.client("s3"), finished.outputs, settings.data.dataset, finished.outcome.run_id)
        happened = [event for event, _ in events.read(finished.events)]
        figures = collect(finished.outcome, board, artefacts, finished.probed, happened)
        written.append(write_report(figures, output / finished.outcome.run_id))
        collected.update(figures)

    collected: dict[str, Any] = {}
    try:
        with shown(board, console):
            finished = run(settings, options, board, report)
    except KeyboardInterrupt:
        console.print("Interrupted: everything that was started has been stopped.", style="yellow")
        return 130
    except (EmulatorError, SynthesisFailed, ProbeFailed) as error:
        console.print(f"{type(error).__name__}: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    console.print()
    show_figures(collected, console)
    console.print(f"\nThe report: {written[0].resolve()}", highlight=False, soft_wrap=True)
    return 0 if finished.outcome.status == "SUCCEEDED" else 1
