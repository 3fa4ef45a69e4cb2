"""What a process tree takes of the machine, and how its first process ended."""

from __future__ import annotations

import os
import threading

import psutil

from twin.processes.marks import kill_sessions


class Usage:
    """CPU time and memory of a process tree, and the process's exit status.

    Attributes:
        returncode: None until `reap` has collected it.
        waited_cpu_s: what the kernel accounts to the process and what it waited for, once it has ended.
        max_rss: the largest resident size in bytes of the tree in any sample.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.waited_cpu_s = 0.0
        self.max_rss = 0
        self._cpu_s: dict[tuple[int, float], float] = {}
        self._lock = threading.Lock()

    @property
    def sampled_cpu_s(self) -> float:
        """The CPU time of every process that was ever seen in the tree, as it was last seen."""
        return sum(self._cpu_s.values())

    def reap(self) -> bool:
        """Collect the exit status if there is one: wait4 also tells the CPU time, which Popen throws away.

        What is left of the process's session is killed at once: its number is not another's while one is left, and
        numbers that were just given up are not given again soon.
        """
        with self._lock:
            if self.returncode is not None:
                return True
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid == 0:
                return False
            kill_sessions({self.pid})
            self.waited_cpu_s = usage.ru_utime + usage.ru_stime
            self.returncode = os.waitstatus_to_exitcode(status)
            return True

    def kill_session(self) -> None:
        """Kill the process and its session, unless it has ended and `reap` has done so."""
        with self._lock:
            if self.returncode is None:
                kill_sessions({self.pid})

    def sample(self) -> None:
        """Look at the tree as it is now."""
        rss = 0
        try:
            root = psutil.Process(self.pid)
            tree = [root, *root.children(recursive=True)]
        except psutil.Error:
            return
        for process in tree:
            try:
                times = process.cpu_times()
                rss += process.memory_info().rss
                self._cpu_s[process.pid, process.create_time()] = times.user + times.system
            except psutil.Error:
                continue
        self.max_rss = max(self.max_rss, rss)
