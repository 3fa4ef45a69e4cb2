"""`fourfold ask` and `fourfold serve`: use what the last run deployed on this machine."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from cli.show import shown
from twin.run.api import Api
from twin.run.board import Board
from twin.run.questions import SUMMARIZE
from twin.run.reopened import STEPS, reopened
from twin.run.session import emulator_folder


def ask_model(root: Path, text: str, console: Console) -> None:
    """Print what the deployed model answers to a text.

    Raises:
        NothingDeployed: no run has deployed anything.
        ProbeFailed: the API refused the text; the message holds its answer.
        EmulatorError: the emulator did not start.
    """
    with deployed(root) as api:
        output, _ = api.ask(SUMMARIZE, {"text": text, "temperature": 0})
    console.print(output, highlight=False, markup=False, soft_wrap=True)


def serve_model(root: Path, console: Console) -> None:
    """Serve what is deployed until Ctrl-C, and say how to ask it.

    Raises:
        NothingDeployed: no run has deployed anything.
        EmulatorError: the emulator did not start.
    """
    try:
        with deployed(root) as api:
            console.print(f"Served at {api.url} until Ctrl-C. To ask it:\n", highlight=False, soft_wrap=True)
            console.print(curl(api), highlight=False, markup=False, soft_wrap=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Stopped.")


def curl(api: Api) -> str:
    """Return a command that asks the API, with its signature."""
    user = f"{api.credentials.access_key}:{api.credentials.secret_key}"
    words = ["curl", "--aws-sigv4", f"aws:amz:{api.region}:execute-api", "--user", user]
    words += ["--header", "Content-Type: application/json", "--data", '{"text": "…"}', f"{api.url}{SUMMARIZE}"]
    return shlex.join(words)


@contextmanager
def deployed(root: Path) -> Iterator[Api]:
    """Give the deployed API, showing on the error stream how it comes up: the output is for the answer."""
    board = Board()
    for name, label in STEPS.items():
        board.add(name, label)
    with ExitStack() as stack:
        with shown(board, Console(stderr=True)):
            api = stack.enter_context(reopened(emulator_folder(root), board))
        yield api
