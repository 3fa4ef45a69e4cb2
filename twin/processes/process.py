"""A subprocess with its lines, its end, and what it took."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from twin.processes.marks import MARK_VARIABLE, kill_marked
from twin.processes.usage import Usage

TAIL_LINES = 50
LINE_LIMIT = 1 << 16
_SAMPLE_S = 0.5
_GRACE_S = 5.0

Grace = Callable[[], float]
OnLine = Callable[[str, Literal["stdout", "stderr"]], None]


def _short_grace() -> float:
    return _GRACE_S


@dataclass(frozen=True)
class Completed:
    """How a process ended. `tail` holds the last lines that it printed, to both streams, in order.

    `cpu_s` is the CPU time in seconds of the whole tree: what the kernel accounts to the process and what it
    waited for, or the sum of samples where that is more (a process that nobody waited for, such as Spark's
    JVM). `max_rss` is the largest resident size in bytes of the tree in any sample.
    """

    returncode: int
    ended: Literal["exited", "stopped", "timed out"]
    tail: list[str]
    cpu_s: float
    wall_s: float
    max_rss: int


class Process:
    """A running subprocess in a group of its own."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        on_line: OnLine | None = None,
        merge: bool = False,
        grace: Grace = _short_grace,
    ) -> None:
        """Start `argv` with exactly `env` (and the mark) in `cwd`; `on_line` gets each line as it is printed.

        With `merge` both streams are one, called stdout, and its lines come in the order of printing. A line of
        more than LINE_LIMIT characters comes in pieces of that length, as lines. `grace` says how many seconds the
        process has between SIGTERM and SIGKILL, and may change its mind; without any there is no SIGTERM.
        """
        above = env.get(MARK_VARIABLE) or os.environ.get(MARK_VARIABLE, "")
        self._grace = grace
        self.mark = f"{above}/{uuid.uuid4().hex}"
        self._started = time.monotonic()
        self._popen = subprocess.Popen(
            list(argv),
            env={**env, MARK_VARIABLE: self.mark},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.pid = self._popen.pid
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._usage = Usage(self.pid)
        self._failure: Exception | None = None
        self._readers = [
            threading.Thread(target=self._read, args=(stream, name, on_line), daemon=True)
            for stream, name in ((self._popen.stdout, "stdout"), (self._popen.stderr, "stderr"))
            if stream is not None
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: IO[str], name: Literal["stdout", "stderr"], on_line: OnLine | None) -> None:
        for line in _bounded_lines(stream):
            self.tail.append(line)
            if on_line and self._failure is None:
                try:
                    on_line(line, name)
                except Exception as error:
                    # The pipe must still be emptied, or the process would wait for it for ever.
                    self._failure = error

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._usage.returncode is None and not self._usage.reap()

    def wait(self, timeout: float | None = None, stop: threading.Event | None = None) -> Completed:
        """Wait for the end; after `timeout` seconds, or once `stop` is set, end the whole tree instead.

        Raises what `on_line` raised, once the process has ended. An exception that interrupts the waiting, such
        as Ctrl-C's, ends the tree too.
        """
        try:
            ended = self._wait(timeout, stop or threading.Event())
        except BaseException:
            self._finish("stopped")
            raise
        return self._finish(ended)

    def _wait(self, timeout: float | None, stop: threading.Event) -> Literal["exited", "stopped", "timed out"]:
        deadline = None if timeout is None else self._started + timeout
        next_sample = 0.0
        while self.running:
            if time.monotonic() >= next_sample:
                self._usage.sample()
                next_sample = time.monotonic() + _SAMPLE_S
            if deadline is not None and time.monotonic() > deadline:
                return "timed out"
            if stop.wait(0.02):
                return "stopped"
        return "exited"

    def stop(self) -> Completed:
        """End the process and all that it started: SIGTERM, and SIGKILL to what remains after the grace."""
        return self._finish("stopped" if self.running else "exited")

    def _finish(self, ended: Literal["exited", "stopped", "timed out"]) -> Completed:
        if ended != "exited":
            self._usage.sample()
            began = time.monotonic()
            if self._grace() > 0:
                _signal_group(self.pid, signal.SIGTERM)
            while self.running and time.monotonic() - began < self._grace():
                time.sleep(0.05)
        self._usage.kill_session()
        kill_marked(self.mark)
        while self.running:
            time.sleep(0.02)
        for reader in self._readers:
            reader.join(timeout=_GRACE_S)
        if self._failure is not None:
            raise self._failure
        usage = self._usage
        self._popen.returncode = usage.returncode  # it was collected behind Popen's back
        return Completed(
            returncode=usage.returncode or 0,
            ended=ended,
            tail=list(self.tail),
            cpu_s=round(max(usage.waited_cpu_s, usage.sampled_cpu_s), 3),
            wall_s=round(time.monotonic() - self._started, 3),
            max_rss=usage.max_rss,
        )


def run_process(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    on_line: OnLine | None = None,
    timeout: float | None = None,
    stop: threading.Event | None = None,
    merge: bool = False,
    grace: Grace = _short_grace,
) -> Completed:
    """Run `argv` to its end and leave nothing of it behind; see `Process` and `Process.wait`."""
    return Process(argv, env, cwd, on_line, merge, grace).wait(timeout, stop)


def _bounded_lines(stream: IO[str]) -> Iterator[str]:
    complete = True
    while piece := stream.readline(LINE_LIMIT):
        # What ends a line of exactly the limit is no line of its own.
        if piece != "\n" or complete:
            yield piece.rstrip("\n")
        complete = piece.endswith("\n")


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
