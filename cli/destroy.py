"""`fourfold destroy`: remove what the last run deployed on this machine."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from cli.say import say
from cli.show import shown
from twin.emulator import Emulator, EmulatorError
from twin.run.board import Board
from twin.run.claim import claimed
from twin.run.going_on import run_going_on
from twin.run.preflight import RunRefused
from twin.run.session import ENVIRONMENT, emulator_folder, state_folder
from twin.run.teardown import TornDown, stacks, tear_down


def destroy_deployment(root: Path, console: Console) -> int:
    """Tear the last deployment down and return the command's exit code."""
    folder, assembly = emulator_folder(root), state_folder(root) / f"cdk.out.{ENVIRONMENT}"
    if not folder.exists() or not assembly.exists():
        say("Nothing is deployed on this machine.", console)
        return 0
    try:
        with claimed(state_folder(root), folder):
            return destroy_claimed(folder, assembly, console)
    except RunRefused as error:
        going_on = run_going_on(folder)
        say(going_on or error, console, "red")
        say("Nothing was destroyed.", console)
        return 2


def destroy_claimed(folder: Path, assembly: Path, console: Console) -> int:
    """Tear down what nothing else uses; as `destroy_deployment`."""
    board = Board()
    board.add("StartEmulator", "Start the emulator")
    board.add("Destroy", "Destroy the stacks (CDK CLI)")
    try:
        with shown(board, console):
            with board.step("StartEmulator"):
                emulator = Emulator(folder, persist=True)
                emulator.start()
            try:
                with board.step("Destroy") as show:
                    torn_down = tear_down(emulator, ENVIRONMENT, assembly, show)
                    left = stacks(emulator, ENVIRONMENT)
            finally:
                emulator.stop()
    except KeyboardInterrupt:
        say("Interrupted. `fourfold destroy` goes on with what is left.", console, "yellow")
        return 130
    except EmulatorError as error:
        say(error, console, "red")
        return 1
    return summarize(torn_down, left, console)


def summarize(torn_down: TornDown, left: list[str], console: Console) -> int:
    """Say what is gone and what is left, and return the exit code."""
    if left:
        say(f"Still there: {', '.join(left)}", console, "red")
        return 1
    say("Every stack is gone.", console, "green")
    if torn_down.log_groups:
        say("Removed beside them, log groups that services had made by themselves:", console)
        show_lines(torn_down.log_groups, console)
    if torn_down.kept:
        say("Kept on purpose (DeletionPolicy Retain in the templates):", console)
        show_lines([f"{one.type}  {one.id}: {one.why}" for one in torn_down.kept], console)
        gone = ": its record and figures; the model itself went with its bucket"
        packages = torn_down.model_packages.items()
        show_lines([f"model package  {arn}{'' if there else gone}" for arn, there in packages], console)
    for key, end in torn_down.dying_keys.items():
        text = f"KMS deletes the key {key} on {end:%d %B %Y}, when its waiting period is over."
        say(text, console)
    text = "The stack CDKToolkit stays too: `cdk bootstrap` made it, for every CDK app of the account."
    say(text, console)
    return 0


def show_lines(lines: list[str], console: Console) -> None:
    """Print lines as they are, indented."""
    for line in lines:
        say(f"  {line}", console)
