"""What is kept of a run beside its account, so that another command can go on with it.

The settings file is copied: what goes on was deployed from it as it was, whatever has become of it since.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from twin.run.kept import was_destroyed

_FILE, _SETTINGS = "last_run.json", "last_run.workflow.yaml"
# What the emulator saves of executions when it ends in order.
_SAVED = "state/stepfunctions.json"


@dataclass(frozen=True)
class LastRun:
    """What goes on, and what the user chose for it.

    Attributes:
        arn: the execution.
        output: the folder of the reports.
        overrides: the execution's input.
        settings: the settings file's content.
    """

    arn: str
    output: Path
    overrides: dict[str, Any]
    settings: bytes

    @property
    def run_id(self) -> str:
        """The run's id, which its execution is named after."""
        return self.arn.rpartition(":")[2]

    def remember(self, account: Path) -> None:
        """Keep this in the folder of the run's account, whole or not at all."""
        kept = {"arn": self.arn, "output": str(self.output.resolve()), "overrides": self.overrides}
        settings_of_last_run(account).write_bytes(self.settings)
        partial = account / f"{_FILE}.partial"
        partial.write_text(json.dumps(kept), encoding="utf-8")
        partial.replace(account / _FILE)


def last_run(account: Path) -> LastRun | None:
    """Return what was kept; None where no run has come to its workflow."""
    file = account / _FILE
    if not file.exists():
        return None
    kept = json.loads(file.read_text(encoding="utf-8"))
    settings = settings_of_last_run(account).read_bytes()
    return LastRun(kept["arn"], Path(kept["output"]), kept["overrides"], settings)


def settings_of_last_run(account: Path) -> Path:
    """Return where the copy of the last run's settings file is, if there was a run."""
    return account / _SETTINGS


def saved_since(account: Path, moment: datetime) -> bool:
    """Say whether an emulator of the account has ended in order since, and has saved what it had."""
    file = account / _SAVED
    return file.exists() and file.stat().st_mtime >= moment.timestamp()


def can_go_on(account: Path, since_ns: int = 0) -> bool:
    """Say whether there is a run that was begun since, in nanoseconds of the epoch, and whose account is kept."""
    file = account / _FILE
    kept = (account / _SAVED).exists() and not was_destroyed(account)
    return kept and file.exists() and file.stat().st_mtime_ns >= since_ns
