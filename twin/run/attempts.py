"""The attempts at the last run: a command begins one, and it ends with the command, however that ends.

They are kept beside the account and written while an attempt goes on, because a command that is killed says no more:
what stands there then tells how far it had come.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from twin.run.board import Board, Progress, Status

INTERRUPTED = "interrupted"
"""How an attempt ended that Ctrl-C has ended."""
BROKEN = "broken"
"""How an attempt ended that an error of the command itself has ended."""
_FILE = "attempts.json"
_EVERY_S = 2.0
# A process's time of birth is computed from the machine's, which a clock that is set may shift a little.
_SAME_BIRTH_S = 5.0


@dataclass(frozen=True)
class Taken:
    """A step of an attempt; times are in seconds, `progress` is how far it had come, in words."""

    name: str
    label: str
    status: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    progress: str = ""


@dataclass(frozen=True)
class Attempt:
    """One command's share of a run.

    Attributes:
        started: when the command began, in UTC, as ISO 8601.
        seen: when it last gave a sign of life; its end, where it has ended.
        how: how it ended: an execution's status, `INTERRUPTED` or `BROKEN`; empty where nothing tells.
        why: the cause, where it failed.
        gave_up: whether the execution ended by itself, without success, so that going on would repeat that.
        process: the command's id and time of birth.
        steps: all steps that it was to take, in order.
    """

    started: str
    seen: str
    how: str = ""
    why: str = ""
    gave_up: bool = False
    process: tuple[int, float] = (0, 0.0)
    steps: tuple[Taken, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether its command runs still, if only to end what it has started."""
        number, born = self.process
        try:
            return abs(float(psutil.Process(number).create_time()) - born) < _SAME_BIRTH_S
        except psutil.Error:
            return False

    @property
    def stopped(self) -> bool:
        """Whether it ended without the execution's having ended."""
        return not self.alive if not self.how else self.how in (INTERRUPTED, BROKEN)

    @property
    def where(self) -> Taken | None:
        """The step that it is in, or ended in."""
        ended_in = [step for step in self.steps if step.status in (Status.RUNNING, Status.FAILED)]
        return ended_in[-1] if ended_in else None

    @property
    def wall_s(self) -> float:
        """The seconds of its steps."""
        return sum(step.wall_s for step in self.steps)

    @property
    def cpu_s(self) -> float:
        """The processor seconds of its steps."""
        return sum(step.cpu_s for step in self.steps)


@dataclass
class Recorder:
    """Writes an attempt down: every two seconds, and at its end."""

    account: Path
    board: Board
    started: datetime
    _before: tuple[Attempt, ...] = ()
    _end: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def end(self, how: str, why: str = "", *, gave_up: bool = False) -> None:
        """Say how it has ended; what is said first stands."""
        self._end = self._end or {"how": how, "why": why, "gave_up": gave_up, "seen": _now()}
        self.write()

    def write(self) -> None:
        """Write it down as it is now, whole or not at all."""
        with self._lock:
            partial = self.account / f"{_FILE}.partial"
            partial.write_text(json.dumps([asdict(one) for one in (*self._before, self._now())]), encoding="utf-8")
            partial.replace(self.account / _FILE)

    def all(self) -> tuple[Attempt, ...]:
        """Return every attempt at the run, this one last."""
        return (*self._before, self._now())

    def _now(self) -> Attempt:
        process = (os.getpid(), psutil.Process().create_time())
        said = {"seen": _now(), **self._end}
        return Attempt(self.started.isoformat(timespec="seconds"), process=process, steps=taken(self.board), **said)


@contextmanager
def attempted(account: Path, board: Board, started: datetime) -> Iterator[Recorder]:
    """Write the block down as an attempt at the run whose account this is, for as long as it takes."""
    recorder, over = Recorder(account, board, started, attempts(account)), threading.Event()

    def keep_writing() -> None:
        while not over.wait(_EVERY_S):
            recorder.write()

    recorder.write()
    writer = threading.Thread(target=keep_writing, daemon=True)
    writer.start()
    try:
        yield recorder
    except KeyboardInterrupt:
        recorder.end(INTERRUPTED)
        raise
    except BaseException as error:
        recorder.end(BROKEN, f"{type(error).__name__}: {error}")
        raise
    finally:
        over.set()
        writer.join()


def attempts(account: Path) -> tuple[Attempt, ...]:
    """Return the attempts at the last run, in order; none where it has not come to its workflow."""
    file = account / _FILE
    if not file.exists():
        return ()
    return tuple(_read(one) for one in json.loads(file.read_text(encoding="utf-8")))


def taken(board: Board) -> tuple[Taken, ...]:
    """Return the steps of a board as they stand."""
    return tuple(
        Taken(step.name, step.label, step.status, round(step.elapsed(), 2), round(step.cpu_s, 2), _words(step.progress))
        for step in list(board.steps.values())
    )


def in_all(found: Sequence[Attempt]) -> tuple[Taken, ...]:
    """Return the steps of a run with their times over all attempts, each with how it ended in the last that came to it.

    A step that was done in an attempt is done: that a later one did not come to it, or had not to, changes nothing.
    """
    steps: dict[str, Taken] = {}
    for step in (step for attempt in found for step in attempt.steps):
        before = steps.get(step.name, Taken(step.name, step.label, step.status))
        came = step.status not in (Status.WAITING, Status.SKIPPED) or before.status == Status.WAITING
        status = step.status if came else before.status
        times = round(before.wall_s + step.wall_s, 2), round(before.cpu_s + step.cpu_s, 2)
        steps[step.name] = Taken(step.name, before.label, status, *times)
    return tuple(steps.values())


def _read(kept: dict[str, Any]) -> Attempt:
    number, born = kept["process"]
    return Attempt(**{**kept, "process": (number, born), "steps": tuple(Taken(**step) for step in kept["steps"])})


def _words(progress: Progress | None) -> str:
    if progress is None:
        return ""
    counted = f" {progress.done:g}/{progress.total:g} {progress.unit}" if progress.total else ""
    return f"{progress.phase}{counted}".strip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
