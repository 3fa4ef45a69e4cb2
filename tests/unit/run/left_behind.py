"""What a run has left in a folder: its choices, its attempts, and what its emulator has saved."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from twin.run.attempts import Attempt, Taken
from twin.run.board import Board, Progress
from twin.run.last_run import LastRun
from twin.run.session import emulator_folder
from twin.run.standing import report_of

WORKFLOW = Path(__file__).resolve().parents[3] / "workflow.yaml"
STEP = Taken("FineTune", "Fine-tune (SageMaker pipeline)", "RUNNING", 61.0, 100.0, "train 12/28 batches")
SEEN = "2026-11-26T10:02:03+00:00"
COMMAND, EMULATOR = "attempts.lock", "lock"
"""The files of an account that its run's command, and its emulator, keep locked as long as they live."""


def attempt(how: str = "", *, step: Taken = STEP, **more: Any) -> Attempt:
    """An attempt that came as far as a step; without a word of how it ended, it goes on, or was killed."""
    prepared = Taken("PrepareData", "Prepare the data (Glue)", "SUCCEEDED", 30.0, 50.0)
    return Attempt("2026-11-26T10:00:00+00:00", SEEN, how, steps=(prepared, step), **more)


@contextmanager
def living(account: Path, *locks: str) -> Iterator[None]:
    """Have what keeps these locks live, for the time of the block."""
    with ExitStack() as stack:
        for name in locks:
            fcntl.flock(stack.enter_context((account / name).open("w")), fcntl.LOCK_EX)
        yield


def leave_run(
    root: Path, *attempts: Attempt, saved: bool = True, report: str | None = None, told: int | None = None
) -> Path:
    """Leave a run `r1`, and a report with that status if one is given; return the account's folder.

    The report tells of all attempts, or of the first `told`. The account was saved after the last one, or never.
    """
    account = emulator_folder(root)
    account.mkdir(parents=True, exist_ok=True)
    last = LastRun("arn:aws:states:r:1:execution:m:r1", root / "runs", {}, WORKFLOW.read_bytes())
    last.remember(account)
    (account / "attempts.json").write_text(json.dumps([asdict(one) for one in attempts]))
    if saved:
        (account / "state").mkdir(exist_ok=True)
        save(account, after_s=1)
    if report is not None:
        report_of(last).parent.mkdir(parents=True, exist_ok=True)
        of_attempts: list[dict[str, Any]] = [{}] * (len(attempts) if told is None else told)
        report_of(last).write_text(json.dumps({"execution": {"status": report}, "attempts": of_attempts}))
    return account


def save(account: Path, after_s: int) -> None:
    """Save what an emulator saves when it ends, so many seconds after the last sign of life of an attempt."""
    file, moment = account / "state" / "stepfunctions.json", datetime.fromisoformat(SEEN).timestamp() + after_s
    file.touch()
    os.utime(file, (moment, moment))


def training() -> Board:
    board = Board()
    board.add("PrepareData", "Prepare the data (Glue)")
    board.add("FineTune", "Fine-tune (SageMaker pipeline)")
    board.add("Deploy", "Deploy (CloudFormation)")
    board.start("PrepareData")
    board.finish("PrepareData")
    board.start("FineTune")
    board.advance("FineTune", Progress("train", 12, 28, "batches"))
    return board
