"""Show a run's board in a terminal: live where there is one, a line per change where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.news import NewsLines
from cli.say import say
from twin.run.board import Board, Progress, Status, Step

MARKS = {
    Status.WAITING: ("·", "dim"),
    Status.RUNNING: ("▸", "bold cyan"),
    Status.SUCCEEDED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.SKIPPED: ("–", "dim"),
}


ROOM_FOR_BARS = 100
"""Columns of a terminal that has room for bars and for the words behind them."""


def clock(seconds: float) -> str:
    """Write seconds as minutes and seconds, `1:05`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def describe(progress: Progress) -> str:
    """Put a progress into words, `train 12/28 batches, loss 2.91, 0:40 left`."""
    parts = [progress.phase]
    if progress.total:
        parts[0] += f" {progress.done:g}/{progress.total:g} {progress.unit}".rstrip()
    if progress.note:
        parts.append(progress.note)
    if progress.eta_s is not None:
        parts.append(f"{clock(progress.eta_s)} left")
    return ", ".join(part for part in parts if part)


class BoardView:
    """The board as a table; Rich asks for it anew at each refresh. A narrow terminal has words instead of bars."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        with_bar = options.max_width >= ROOM_FOR_BARS
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=1)
        table.add_column(min_width=32, no_wrap=True)
        table.add_column(justify="right", width=6)
        if with_bar:
            table.add_column(width=20)
        table.add_column(overflow="ellipsis", no_wrap=True)
        for step in self._board.steps.values():
            mark, label, time, bar, words = _row(step)
            table.add_row(mark, label, time, *([bar] if with_bar else []), words)
        yield table


def _row(step: Step) -> tuple[Text, Text, Text, ProgressBar | Text, Text]:
    mark, style = MARKS[step.status]
    running = step.status is Status.RUNNING
    began = step.status not in (Status.WAITING, Status.SKIPPED)
    bar: ProgressBar | Text = Text()
    if running and step.progress and step.progress.total:
        bar = ProgressBar(total=step.progress.total, completed=step.progress.done, width=20)
    words = describe(step.progress) if running and step.progress else step.detail
    return (
        Text(mark, style),
        Text(step.label, style if running or step.status is Status.FAILED else ""),
        Text(clock(step.elapsed()) if began else "", "dim"),
        bar,
        Text(words, "red" if step.status is Status.FAILED else "dim"),
    )


class PlainLog:
    """Prints a line when a step begins or ends, and each tenth of a long one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, tuple[str, int]] = {}

    def __call__(self, step: Step) -> None:
        tenth = 0
        if step.status is Status.RUNNING and step.progress and step.progress.total:
            tenth = int(10 * step.progress.done / step.progress.total)
        phase = step.progress.phase if step.progress else ""
        key = (f"{step.status} {phase}", tenth)
        if self._shown.get(step.name) == key:
            return
        self._shown[step.name] = key
        words = describe(step.progress) if step.status is Status.RUNNING and step.progress else step.detail
        line = f"{step.status.lower():<9} {step.label}  {clock(step.elapsed())}  {words}"
        say(line.rstrip(), self._console)


@contextmanager
def shown(board: Board, console: Console) -> Iterator[None]:
    """Show the board and what its run finds while the block runs, and leave the board's last state on the screen."""
    board.hearers.append(NewsLines(console))
    if not console.is_terminal:
        board.listeners.append(PlainLog(console))
        yield
        return
    with Live(BoardView(board), console=console, refresh_per_second=4):
        yield
