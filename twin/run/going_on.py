"""The run that goes on in an emulator that another command has started: until its end there is no model to ask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twin.emulator import RunningEmulator
from twin.run.approval import NobodyWaits, request


@dataclass(frozen=True)
class GoingOn:
    """A run that has not ended; `waits` for a person's approval, or works."""

    run_id: str
    waits: bool

    def __str__(self) -> str:
        if self.waits:
            return (
                f"The run {self.run_id} waits for your approval. `fourfold approve` shows its figures and lets it "
                "deploy; `fourfold reject` ends it."
            )
        return f"The run {self.run_id} is going on; its model answers when it has been deployed."


def run_going_on(work_dir: Path) -> GoingOn | None:
    """Return the run that goes on in an emulator's directory; None where none does."""
    emulator = RunningEmulator.in_directory(work_dir)
    if emulator is None:
        return None
    client = emulator.client("stepfunctions")
    machines = [machine["stateMachineArn"] for machine in client.list_state_machines()["stateMachines"]]
    running = [
        execution["name"]
        for machine in machines
        for execution in client.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    ]
    if not running:
        return None
    try:
        return GoingOn(request(work_dir).run_id, waits=True)
    except NobodyWaits:
        return GoingOn(running[0], waits=False)
