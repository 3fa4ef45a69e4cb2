"""What a run has left in a folder: its choices, its attempts, and what its emulator has saved."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from twin.run.attempts import Attempt, Taken
from twin.run.last_run import LastRun
from twin.run.session import emulator_folder
from twin.run.standing import report_of

WORKFLOW = Path(__file__).resolve().parents[3] / "workflow.yaml"
STEP = Taken("FineTune", "Fine-tune (SageMaker pipeline)", "RUNNING", 61.0, 100.0, "train 12/28 batches")
THIS_PROCESS = (os.getpid(), psutil.Process().create_time())


def attempt(how: str = "", *, alive: bool = False, step: Taken = STEP, **more: Any) -> Attempt:
    """An attempt that came as far as a step; without a word of how it ended, it was killed."""
    process = THIS_PROCESS if alive else (0, 0.0)
    prepared = Taken("PrepareData", "Prepare the data (Glue)", "SUCCEEDED", 30.0, 50.0)
    started, seen = "2026-11-26T10:00:00+00:00", "2026-11-26T10:02:03+00:00"
    return Attempt(started, seen, how, process=process, steps=(prepared, step), **more)


def leave_run(root: Path, *attempts: Attempt, saved: bool = True, report: str | None = None) -> Path:
    """Leave a run `r1`, and a report with that status if one is given; return the account's folder."""
    account = emulator_folder(root)
    account.mkdir(parents=True, exist_ok=True)
    last = LastRun("arn:aws:states:r:1:execution:m:r1", root / "runs", {}, WORKFLOW.read_bytes())
    last.remember(account)
    (account / "attempts.json").write_text(json.dumps([asdict(one) for one in attempts]))
    if saved:
        (account / "state").mkdir(exist_ok=True)
        (account / "state" / "stepfunctions.json").touch()
    if report is not None:
        report_of(last).parent.mkdir(parents=True, exist_ok=True)
        report_of(last).write_text(json.dumps({"execution": {"status": report}}))
    return account
