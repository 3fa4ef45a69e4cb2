"""What is going on in a run, step by step, for whoever shows it.

A board holds the steps in the order in which they will come. Whoever does the work tells the board; whoever
shows it subscribes. The two never meet, so the same run feeds a live terminal, a plain log and a test.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from twin.run.news import News


class Status(StrEnum):
    """How a step stands; the words are those of AWS's consoles."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Progress:
    """How far a long step has come.

    Attributes:
        phase: what it is doing, in a word or two.
        done: units finished.
        total: units in all; 0 where the end is not known.
        unit: what is counted (`tasks`, `batches`, `examples`…).
        note: figures worth seeing while waiting, such as the loss.
        eta_s: seconds still to go, where the job itself knows.
    """

    phase: str
    done: float = 0
    total: float = 0
    unit: str = ""
    note: str = ""
    eta_s: float | None = None


@dataclass
class Step:
    """One line of the board. Times are in seconds; `cpu_s` counts every process of the twin."""

    name: str
    label: str
    status: Status = Status.WAITING
    progress: Progress | None = None
    detail: str = ""
    started: float | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def elapsed(self) -> float:
        """Return the seconds so far, also while the step still runs."""
        if self.status is Status.RUNNING and self.started is not None:
            return time.monotonic() - self.started
        return self.wall_s


Listener = Callable[[Step], None]
Hearer = Callable[[News], None]


@dataclass
class Board:
    """The steps of one run, in order; every change is passed to the listeners, and what it finds to the hearers."""

    steps: dict[str, Step] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    hearers: list[Hearer] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def add(self, name: str, label: str) -> None:
        """Announce a step that will come."""
        with self._lock:
            self.steps[name] = Step(name, label)

    def start(self, name: str) -> None:
        """Say that a step runs; saying it again changes nothing."""
        with self._lock:
            step = self.steps[name]
            if step.status is Status.RUNNING:
                return
            step.status, step.started = Status.RUNNING, time.monotonic()
            self._tell(step)

    def advance(self, name: str, progress: Progress) -> None:
        """Show how far a running step has come."""
        with self._lock:
            step = self.steps[name]
            step.progress = progress
            self._tell(step)

    def finish(self, name: str, status: Status = Status.SUCCEEDED, detail: str = "") -> None:
        """Close a step; a step that already failed stays failed."""
        with self._lock:
            step = self.steps[name]
            if step.status is Status.FAILED:
                return
            step.wall_s += time.monotonic() - step.started if step.started is not None else 0.0
            step.status, step.started, step.detail = status, None, detail or step.detail
            self._tell(step)

    def fail(self, name: str, detail: str) -> None:
        """Close a step as failed, or say why one that already failed did."""
        with self._lock:
            self.finish(name, Status.FAILED)
            self.steps[name].detail = detail
            self._tell(self.steps[name])

    def spend(self, name: str, cpu_s: float) -> None:
        """Charge processor seconds to a step."""
        with self._lock:
            self.steps[name].cpu_s += cpu_s

    def skip_up_to(self, name: str) -> None:
        """Mark every step that should have come before another one, and did not, as skipped."""
        with self._lock:
            names = list(self.steps)
            self._skip(names[: names.index(name)])

    def skip_what_waits(self) -> None:
        """Mark every step that never came as skipped."""
        with self._lock:
            self._skip(self.steps)

    def _skip(self, names: Iterable[str]) -> None:
        for name in names:
            if self.steps[name].status is Status.WAITING:
                self.steps[name].status = Status.SKIPPED
                self._tell(self.steps[name])

    def tell(self, news: News) -> None:
        """Pass on what the run has found."""
        with self._lock:
            for hear in self.hearers:
                hear(news)

    def running(self) -> list[str]:
        """Return the names of the steps that run now."""
        with self._lock:
            return [step.name for step in self.steps.values() if step.status is Status.RUNNING]

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[Progress], None]]:
        """Run a block as a step; an error marks it failed and goes on up."""
        self.start(name)
        try:
            yield lambda progress: self.advance(name, progress)
        except BaseException as error:
            self.finish(name, Status.FAILED, _in_a_line(error))
            raise
        self.finish(name)

    def _tell(self, step: Step) -> None:
        for listener in self.listeners:
            listener(step)


def _in_a_line(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error).strip().split("\n")[0] or type(error).__name__
