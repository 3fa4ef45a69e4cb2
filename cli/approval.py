"""`fourfold approve` and `fourfold reject`: a person's answer to the run that waits for it."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console

from cli.say import say
from twin.run.approval import Request, figures, request
from twin.run.session import emulator_folder


def approve_run(root: Path, name: str, sure: bool, console: Console) -> None:
    """Show what the run found and, once the user is sure, let it deploy.

    Raises:
        NobodyWaits: no run waits for an answer.
    """
    asked = show(root, console)
    if not sure:
        typer.confirm("Deploy this model?", abort=True)
    asked.approve(name)
    say(f"Run {asked.run_id}: approved.", console, "green")


def reject_run(root: Path, why: str, console: Console) -> None:
    """End the run that waits, for the reason given.

    Raises:
        NobodyWaits: no run waits for an answer.
    """
    asked = request(emulator_folder(root))
    asked.reject(why)
    say(f"Run {asked.run_id}: rejected. What is deployed stays as it is.", console)


def show(root: Path, console: Console) -> Request:
    """Print what the run found, and return its request."""
    asked = request(emulator_folder(root))
    say(f"Run {asked.run_id} waits for your approval.", console, "bold")
    for line in figures(asked.known()):
        say(line, console)
    return asked
