"""`fourfold destroy`: remove what the last run deployed on this machine."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from cli.show import shown
from twin.emulator import Emulator, EmulatorError
from twin.run.board import Board
from twin.run.session import ENVIRONMENT
from twin.run.teardown import Resource, stacks, tear_down


def destroy_deployment(root: Path, console: Console) -> int:
    """Tear the last deployment down and return the command's exit code."""
    state = root / ".fourfold"
    folder, assembly = state / "emulator", state / f"cdk.out.{ENVIRONMENT}"
    if not folder.exists() or not assembly.exists():
        console.print("Nothing is deployed on this machine.")
        return 0
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
                    retained = tear_down(emulator, ENVIRONMENT, assembly, show)
                    left = stacks(emulator, ENVIRONMENT)
            finally:
                emulator.stop()
    except EmulatorError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    return summarize(retained, left, console)


def summarize(retained: list[Resource], left: list[str], console: Console) -> int:
    """Say what is left and return the exit code."""
    if left:
        console.print(f"Still there: {', '.join(left)}", style="red")
        return 1
    console.print("Every stack is gone.", style="green")
    if retained:
        console.print("Kept on purpose (DeletionPolicy Retain in the templates):")
    for resource in retained:
        console.print(f"  {resource.type}  {resource.id}", highlight=False, soft_wrap=True)
    return 0
