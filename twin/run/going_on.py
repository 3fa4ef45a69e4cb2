"""The run that goes on in an emulator that another command has started: until its end there is no model to ask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twin.emulator import RunningEmulator
from twin.run.approval import NobodyWaits, request
from twin.run.attempts import is_attempted
from twin.run.last_run import last_run


@dataclass(frozen=True)
class GoingOn:
    """A run that has not ended; `waits` for a person's approval, or works. It has no id before its workflow begins."""

    run_id: str
    waits: bool

    def __str__(self) -> str:
        if self.waits:
            return (
                f"The run {self.run_id} waits for your approval. `fourfold approve` shows its figures and lets it "
                "deploy; `fourfold reject` ends it."
            )
        name = f"The run {self.run_id}" if self.run_id else "A run"
        return f"{name} is going on; its model answers when it has been deployed."


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
        # Its command deploys the stacks and uploads the data before there is an execution.
        return GoingOn("", waits=False) if is_attempted(work_dir) and last_run(work_dir) is None else None
    try:
        return GoingOn(request(work_dir).run_id, waits=True)
    except NobodyWaits:
        return GoingOn(running[0], waits=False)
