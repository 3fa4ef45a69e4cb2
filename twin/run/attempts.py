"""The attempts at the last run: a command begins one, and it ends with the command, however that ends.

They are kept beside the account and written while an attempt goes on, because a command that is killed says no more:
what stands there then tells how far it had come.
"""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from twin.emulator import is_locked
from twin.run.board import Board, Progress, Status

INTERRUPTED = "interrupted"
"""How an attempt ended that Ctrl-C has ended."""
BROKEN = "broken"
"""How an attempt ended that an error of the command itself has ended."""
DONE = "done before"
"""What a board says of a step that an earlier attempt has done."""
_FILE, _LOCK = "attempts.json", "attempts.lock"
_EVERY_S = 2.0


@dataclass(frozen=True)
class Taken:
    """A step of an attempt.

    Times are in seconds, `progress` is how far it had come, in words, and `before` that an earlier attempt has done it.
    """

    name: str
    label: str
    status: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    progress: str = ""
    before: bool = False


@dataclass(frozen=True)
class Attempt:
    """One command's share of a run.

    Attributes:
        started: when the command began, in UTC, as ISO 8601.
        seen: when it last gave a sign of life; its end, where it has ended.
        how: how it ended: an execution's status, `INTERRUPTED` or `BROKEN`; empty where nothing tells.
        why: the cause, where it failed.
        gave_up: whether the execution ended by itself, without success, so that going on would repeat that.
        steps: all steps that it was to take, in order.
    """

    started: str
    seen: str
    how: str = ""
    why: str = ""
    gave_up: bool = False
    steps: tuple[Taken, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether its execution ended; of any other, where its command does not live any more, that was stopped."""
        return self.how not in ("", INTERRUPTED, BROKEN)

    @property
    def own_steps(self) -> tuple[Taken, ...]:
        """The steps that it took itself: not those that it skipped, did not come to, or that were done before."""
        idle = (Status.WAITING, Status.SKIPPED)
        return tuple(step for step in self.steps if step.status not in idle and not step.before)

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
    """Writes an attempt down: every two seconds, and at its end. What `none` ends was none, and is not kept."""

    account: Path
    board: Board
    started: datetime
    none: tuple[type[Exception], ...] = ()
    _before: tuple[Attempt, ...] = ()
    _ended: Attempt | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def end(self, how: str, why: str = "", *, gave_up: bool = False) -> None:
        """Say how it has ended; what is said first stands, with the times of then."""
        self._ended = self._ended or replace(self._now(), how=how, why=why, gave_up=gave_up)
        self.write()

    def ended_by(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Say that an error has ended it, if one has; to be pushed on an `ExitStack` above what takes long to end."""
        if isinstance(error, KeyboardInterrupt):
            self.end(INTERRUPTED)
        elif error is not None and not isinstance(error, self.none):
            self.end(BROKEN, f"{type(error).__name__}: {error}")

    def write(self) -> None:
        """Write it down as it is now."""
        self._write(self.all())

    def forget(self) -> None:
        """Take it out of what is written down: it was none."""
        self._write(self._before)

    def _write(self, all_of_them: tuple[Attempt, ...]) -> None:
        with self._lock:
            partial = self.account / f"{_FILE}.partial"
            partial.write_text(json.dumps([asdict(one) for one in all_of_them]), encoding="utf-8")
            partial.replace(self.account / _FILE)

    def all(self) -> tuple[Attempt, ...]:
        """Return every attempt at the run, this one last."""
        return (*self._before, self._now())

    def _now(self) -> Attempt:
        started = self.started.isoformat(timespec="seconds")
        return self._ended or Attempt(started, _now(), steps=taken(self.board))


@contextmanager
def attempted(
    account: Path, board: Board, started: datetime, none: tuple[type[Exception], ...] = ()
) -> Iterator[Recorder]:
    """Write the block down as an attempt at the run whose account this is, for as long as it takes.

    An error of `none` says that there was nothing to attempt: what was written down before is left as it was.
    """
    with (account / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # waits, as whoever looks whether it is taken has it for a moment
        recorder = Recorder(account, board, started, none, attempts(account))
        try:
            with _written(recorder):
                yield recorder
        except none:
            recorder.forget()
            raise
        except BaseException as error:
            recorder.ended_by(type(error), error, error.__traceback__)
            raise


@contextmanager
def _written(recorder: Recorder) -> Iterator[None]:
    """Write an attempt down again and again, for as long as the block takes."""
    over = threading.Event()

    def keep_writing() -> None:
        while not over.wait(_EVERY_S):
            recorder.write()

    recorder.write()
    writer = threading.Thread(target=keep_writing, daemon=True)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def is_attempted(account: Path) -> bool:
    """Whether the last attempt's command lives, if only to end what it has started."""
    return is_locked(account / _LOCK)


def attempts(account: Path) -> tuple[Attempt, ...]:
    """Return the attempts at the last run, in order; none where it has not come to its workflow."""
    file = account / _FILE
    if not file.exists():
        return ()
    return tuple(_read(one) for one in json.loads(file.read_text(encoding="utf-8")))


def taken(board: Board) -> tuple[Taken, ...]:
    """Return the steps of a board as they stand."""
    return tuple(
        Taken(
            step.name,
            step.label,
            step.status,
            round(step.elapsed(), 2),
            round(step.cpu_s, 2),
            _words(step.progress),
            step.detail == DONE,
        )
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
    return Attempt(**{**kept, "steps": tuple(Taken(**step) for step in kept["steps"])})


def _words(progress: Progress | None) -> str:
    if progress is None:
        return ""
    counted = f" {progress.done:g}/{progress.total:g} {progress.unit}" if progress.total else ""
    return f"{progress.phase}{counted}".strip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
