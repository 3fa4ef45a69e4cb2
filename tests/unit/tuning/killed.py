"""The training command in a process of its own, ended at any moment.

It is either the very command of the container, which takes seconds to load PyTorch, or the same module run by a fork
of a process that has loaded it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipelines.tuning.interruption import EXIT_STATUS
from tests.unit.tuning.conftest import record, write_lines

ROOT = Path(__file__).parents[3]
MODULE = "pipelines.tuning.train"
BEGAN = '{"phase": "train"'
STEP = re.compile(r"^step=(\d+) ")
RESUMED = re.compile(r"^resumed from checkpoint \d+: step=(\d+) of")
ANNOUNCED = re.compile(r"^saved checkpoint \d+: step=\d+ .* next_after_steps=(\d+)")


@dataclass(frozen=True)
class Moment:
    """When a signal comes: so many seconds after so many lines of the log."""

    number: signal.Signals
    lines: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what its log says."""

    status: int
    log: Sequence[str]

    @property
    def began(self) -> bool:
        """Whether it came to the training."""
        return any(BEGAN in line for line in self.log)

    @property
    def resumed_from(self) -> int:
        """The step that it went on from; 0 where it began anew."""
        return next((int(found[1]) for line in self.log if (found := RESUMED.match(line))), 0)

    @property
    def last_step(self) -> int:
        """The last step that it took, or went on from."""
        steps = [int(found[1]) for line in self.log if (found := STEP.match(line))]
        return steps[-1] if steps else self.resumed_from

    @property
    def least_kept(self) -> int:
        """The step that the next process has to go on from at the least: by what this one said of its checkpoints."""
        if self.status == EXIT_STATUS:
            return self.last_step
        announced = [int(found[1]) for line in self.log if (found := ANNOUNCED.match(line))]
        return max(self.resumed_from, self.last_step - (announced[-1] if announced else 1))


class _Process(Protocol):
    def poll(self) -> int | None: ...
    def send_signal(self, number: int) -> None: ...


Start = Callable[[Sequence[str], Path, Path], _Process]


def as_in_the_container(arguments: Sequence[str], base: Path, log: Path) -> _Process:
    """Start the command."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", MODULE, *arguments],
            cwd=ROOT,
            env={**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


class Forked:
    """The same, out of a process that has the libraries."""

    def __init__(self, arguments: Sequence[str], base: Path, log: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([MODULE])
        self._process = context.Process(target=_run, args=(list(arguments), str(base), str(log)))
        log.write_bytes(b"")
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self._process.pid or 0, number)


def _run(arguments: list[str], base: str, log: str) -> None:
    output = os.open(log, os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ["SAGEMAKER_BASE_DIR"] = base
    sys.argv = [MODULE, *arguments]
    runpy.run_module(MODULE, run_name="__main__")


def train(start: Start, base: Path, hyperparameters: Mapping[str, Any], moment: Moment | None = None) -> Ended:
    """Train to the end, or to the moment at which the signal comes."""
    arguments = [text for name, value in hyperparameters.items() for text in (f"--{name}", str(value))]
    log = base / "log"
    process = start(arguments, base, log)
    while process.poll() is None:
        time.sleep(0.002)
        if moment and log.read_bytes().count(b"\n") >= moment.lines:
            time.sleep(moment.seconds)
            process.send_signal(moment.number)
            moment = None
    return Ended(process.poll() or 0, log.read_text(errors="replace").splitlines())


def job_folders(base: Path, base_model: Path, records: int) -> Path:
    """Lay a job's folders out as SageMaker does, and give their root."""
    for split, count in (("train", records), ("validation", 5)):
        write_lines(base / "input" / "data" / split, [json.dumps(record(number)) for number in range(count)])
    (base / "input" / "data" / "model").symlink_to(base_model)
    (base / "model").mkdir()
    return base


def artifact(base: Path) -> dict[str, bytes]:
    """What training left, byte by byte, but for the report, which has the time in it."""
    folder = base / "model"
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "training.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
