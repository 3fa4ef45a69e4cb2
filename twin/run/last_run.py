"""What is kept of a run beside its account, so that another command can go on with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE = "last_run.json"


@dataclass(frozen=True)
class LastRun:
    """What the user chose for the run: settings file, folder of the reports, and the execution's input."""

    workflow: Path
    output: Path
    overrides: dict[str, Any]

    def remember(self, account: Path) -> None:
        """Keep this in the folder of the run's account, whole or not at all."""
        kept = {
            "workflow": str(self.workflow.resolve()),
            "output": str(self.output.resolve()),
            "overrides": self.overrides,
        }
        partial = account / f"{_FILE}.partial"
        partial.write_text(json.dumps(kept), encoding="utf-8")
        partial.replace(account / _FILE)


def last_run(account: Path) -> LastRun | None:
    """Return what was kept; None where no run has come to its workflow."""
    file = account / _FILE
    if not file.exists():
        return None
    kept = json.loads(file.read_text(encoding="utf-8"))
    return LastRun(Path(kept["workflow"]), Path(kept["output"]), kept["overrides"])
