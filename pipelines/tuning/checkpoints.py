"""Checkpoints of a training run: when one is saved, and from which one a run goes on.

A run loses no step to SIGTERM, and after SIGKILL no more than the interval that the log announced last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.tuning import origin, state_files
from pipelines.tuning.container import TuningError
from pipelines.tuning.interruption import Interrupted, Interruption
from pipelines.tuning.interval import Pace
from pipelines.tuning.run_state import Run


@dataclass
class Checkpoints:
    """The checkpoints of one run in `folder`; where there is none, nothing is saved. `made_with` is `origin.origin`.

    Of several processes that train together, one `writes`; all read.
    """

    folder: Path | None
    made_with: dict[str, Any]
    run: Run
    interruption: Interruption
    pace: Pace
    writes: bool = True
    clock: Callable[[], float] = time.monotonic
    _number: int = 0
    _saved_state: tuple[int, int] = (-1, -1)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def resume(self) -> None:
        """Go on from the newest checkpoint, if there is one.

        Raises:
            TuningError: it was made with other settings, data or another base model; the message names what differs.
        """
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        saved = state_files.newest(self.folder)
        if saved is None:
            return
        if others := origin.differences(saved.made_with, self.made_with):
            raise TuningError(
                f"The checkpoint in {self.folder} belongs to another training: {', '.join(others)}. "
                "Start with another RunId, or delete the former run's checkpoints."
            )
        self.run.go_on_from(saved.load())
        self._number = saved.number
        self._saved_state = self._progress()
        trainer = self.run.trainer
        print(f"resumed from checkpoint {saved.number}: step={trainer.step} of {trainer.steps}", flush=True)

    def before_step(self) -> None:
        """A step begins."""
        self.pace.begin()

    def after_step(self) -> None:
        """A step is done: save when it is time to. Raises Interrupted, having saved, when the process has to end."""
        if self.pace.stepped():
            self.save()
        self.end_if_asked()

    def end_if_asked(self) -> None:
        """Where the run's state is whole, also between two steps: save and raise Interrupted if the process has to."""
        if self.interruption.requested:
            self.save()
            print(f"told to end: ends after step {self.run.trainer.step}", flush=True)
            raise Interrupted

    def save(self) -> None:
        """Save the run as it is, unless it was saved so already."""
        if self.folder is None or not self.writes or self._saved_state == self._progress():
            return
        self.pace.begin()
        state = self.run.state(self.clock() - self._began)
        self._number += 1
        size = state_files.save(self.folder, self._number, state, self.made_with)
        took = self.pace.saved()
        self._saved_state = self._progress()
        print(
            f"saved checkpoint {self._number}: step={self.run.trainer.step} bytes={size} seconds={took:.3f} "
            f"next_after_steps={self.pace.interval}",
            flush=True,
        )

    def _progress(self) -> tuple[int, int]:
        """What tells two states of a run apart: steps taken, and epochs that were validated."""
        return self.run.trainer.step, sum("validation_loss" in point for point in self.run.curve)
