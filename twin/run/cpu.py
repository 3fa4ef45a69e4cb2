"""Processor time of the twin's whole process tree, charged to the step that runs.

Lambda functions, Spark, training and model servers are all descendants of the emulator. A process that ends
hands its time to the parent that waits for it, so the sum over the living tree, with what each has inherited,
counts every process once.
"""

from __future__ import annotations

import threading

import psutil

from twin.run.board import Board

SAMPLE_S = 1.0


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds (user and system) that the process and its descendants have used.

    Raises:
        psutil.NoSuchProcess: the process itself has ended.
    """
    root = psutil.Process(pid)
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:  # it ended between the listing and the look; its parent has its time
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


class CpuMeter:
    """Charges the tree's CPU time, as it passes, to the board's running step."""

    def __init__(self, pid: int, board: Board) -> None:
        self._pid, self._board = pid, board
        self._last = tree_cpu_s(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="cpu-meter", daemon=True)

    def __enter__(self) -> CpuMeter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.charge()

    def charge(self) -> None:
        """Charge what was used since the last look to the step that runs last in order."""
        try:
            now = tree_cpu_s(self._pid)
        except psutil.NoSuchProcess:
            return
        running = self._board.running()
        if running and now > self._last:
            self._board.spend(running[-1], now - self._last)
        self._last = max(self._last, now)
