"""What the commands of `fourfold` have in common: the application, its terminal, and how a command ends early."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from cli.say import say

app = typer.Typer(
    help="From text to a deployed model: the four steps, on this machine, from the templates that deploy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(stderr=False)
ROOT = Path(__file__).resolve().parent.parent
# What the workflow takes for the name of an execution: it becomes part of keys and of job names.
RUN_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,78}[A-Za-z0-9])?")

WorkflowFile = Annotated[Path, typer.Option("--workflow", help="The settings file.", dir_okay=False)]


def at_terminal() -> bool:
    """Whether somebody can be asked: the standard input is a terminal."""
    return sys.stdin.isatty()


def fail(message: str, code: int = 1) -> typer.Exit:
    """Print an error where errors go and return the exit to raise."""
    say(message, Console(stderr=True), "red")
    return typer.Exit(code)


class Terminated(KeyboardInterrupt):
    """Somebody asked the command to end by SIGTERM, as `docker stop`, systemd and a shutdown do."""


@contextmanager
def interruptible(advice: Callable[[], str] = str) -> Iterator[None]:
    """Make of Ctrl-C one line and the exit code 130, of SIGTERM the same and 143; what the block started ends with it.

    `advice` says how to go on, if it has anything to say.
    """
    try:
        with _terminable():
            yield
    except KeyboardInterrupt as interrupt:
        message = f"Interrupted: everything that was started has been stopped. {advice()}"
        code = 128 + (signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT)
        raise fail(message.strip(), code) from None


@contextmanager
def _terminable() -> Iterator[None]:
    """Interrupt the block by SIGTERM too. Once: from then on the command is ending, and saves what it had started."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread alone
        return

    def terminate(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
