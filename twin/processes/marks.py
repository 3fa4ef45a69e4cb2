"""The mark that processes carry: who carries it, and the end of all that do, with their sessions."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

import psutil

MARK_VARIABLE = "FOURFOLD_PROCESS_MARK"


def marked(mark: str) -> list[psutil.Process]:
    """The living processes that carry `mark`, or a mark below it; never the calling process."""
    found = []
    for process in psutil.process_iter():
        try:
            carried = process.environ().get(MARK_VARIABLE, "")
            alive = process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
        if alive and process.pid != os.getpid() and _is_below(carried, mark):
            found.append(process)
    return found


def kill_marked(mark: str, sessions: Iterable[int] = ()) -> None:
    """Kill every process that carries `mark`, the sessions of those, and these `sessions`; never the caller.

    Until none is left: one may fork while the list is read.
    """
    doomed, own = set(sessions), os.getsid(0)
    while processes := marked(mark):
        doomed |= {session for process in processes if (session := _session(process.pid)) is not None}
        _kill(processes)
    # Without the mark the caller's session is not the emulator's but, for instance, the one of the user's terminal.
    carries = _is_below(os.environ.get(MARK_VARIABLE, ""), mark)
    kill_sessions(doomed | {own} if carries else doomed - {own})


def _is_below(carried: str, mark: str) -> bool:
    return carried == mark or carried.startswith(f"{mark}/")


def kill_sessions(sessions: set[int]) -> None:
    """Kill every process of these sessions, until none is left; never the caller."""
    while processes := _members(sessions):
        _kill(processes)


def _members(sessions: set[int]) -> list[psutil.Process]:
    found = []
    for pid in psutil.pids():
        if pid == os.getpid() or _session(pid) not in sessions:
            continue
        try:
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:  # it has ended, or is not ours
        return None


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    # Not psutil's wait: it would collect the exit status of a child, which belongs to its `Process`.
    time.sleep(0.02)
