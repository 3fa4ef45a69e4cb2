"""Processor time and memory of a whole process tree, taken from outside while it runs.

A process's own times are sampled up to its end; what ran too briefly to be seen, or after the last sample, is in the
times that its parent has of ended children. Memory is the sum of the resident sizes, so pages that processes share
count once for each.
"""

import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

_INTERVAL_S = 0.1
_JAVA = "java"


class RunFailed(Exception):
    """A tool ended with an error."""


@dataclass(frozen=True)
class Usage:
    """What one run took: seconds, and peaks in bytes of the tree and of its parts."""

    cpu_s: float
    wall_s: float
    tree_rss: int
    driver_rss: int
    """The process that was started: for Spark, the driver's Python."""
    jvm_rss: int
    workers_rss: int
    """All others together."""
    driver_cpu_s: float = 0.0
    jvm_cpu_s: float = 0.0
    """The rest of `cpu_s` is the workers'."""

    @property
    def workers_cpu_s(self) -> float:
        """Processor time of all but driver and JVM."""
        return self.cpu_s - self.driver_cpu_s - self.jvm_cpu_s

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def run(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, tick: Callable[[float], None] | None = None
) -> Usage:
    """Run a command to its end in `folder`, its output in `folder/log`; raises `RunFailed` with the end of that."""
    log = folder / "log"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(argv, env=dict(environment), cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        tree = _Tree(process.pid)
        try:
            status, waited = _follow(process, tree, began, tick or (lambda _seconds: None))
        except BaseException:
            tree.kill()
            raise
        wall = time.perf_counter() - began
    if status:
        raise RunFailed(
            f"{' '.join(map(str, argv))[:200]} failed; {log} ends with:\n{log.read_text('utf-8', 'replace')[-2000:]}"
        )
    spent = tree.cpu_s(waited)
    return Usage(
        cpu_s=round(sum(spent.values()), 2),
        driver_cpu_s=round(spent["driver"], 2),
        jvm_cpu_s=round(spent["jvm"], 2),
        wall_s=round(wall, 2),
        tree_rss=tree.peaks["tree"],
        driver_rss=tree.peaks["driver"],
        jvm_rss=tree.peaks["jvm"],
        workers_rss=tree.peaks["workers"],
    )


def _follow(
    process: "subprocess.Popen[bytes]", tree: "_Tree", began: float, tick: Callable[[float], None]
) -> tuple[int, float]:
    """Sample until the process has ended, and what it leaves behind too; return its status and its waited-for time."""
    while True:
        tree.sample()
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        tick(time.perf_counter() - began)
        time.sleep(_INTERVAL_S)
    process.returncode = os.waitstatus_to_exitcode(status)
    while tree.sample() and time.perf_counter() - began < 3600:
        time.sleep(_INTERVAL_S)
    return process.returncode, usage.ru_utime + usage.ru_stime


@dataclass
class _Seen:
    """The last that was seen of a process."""

    process: psutil.Process
    parent: tuple[int, float] | None
    java: bool
    own_s: float = 0.0
    ended_children_s: float = 0.0
    parent_lived_on: bool = False


@dataclass
class _Tree:
    """A process and all that descend from it, including those whose parent has ended."""

    root: int
    peaks: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self._alive: dict[tuple[int, float], _Seen] = {}
        self._ended: dict[tuple[int, float], _Seen] = {}
        self._waited = 0.0
        self._root_key: tuple[int, float] | None = None

    def sample(self) -> bool:
        """Look at every process once; whether there is any left."""
        self._discover()
        sizes: dict[str, int] = defaultdict(int)
        for key, seen in list(self._alive.items()):
            size = self._look(seen)
            if size is None:
                self._ended[key] = self._alive.pop(key)
                continue
            sizes[self._role(key, seen)] += size
            sizes["tree"] += size
        for role, size in sizes.items():
            self.peaks[role] = max(self.peaks[role], size)
        for seen in self._ended.values():
            seen.parent_lived_on = seen.parent_lived_on or seen.parent in self._alive
        return bool(self._alive)

    def _role(self, key: tuple[int, float], seen: "_Seen") -> str:
        return "driver" if key == self._root_key else "jvm" if seen.java else "workers"

    def cpu_s(self, waited: float) -> dict[str, float]:
        """Return the processor time by role; `waited` is that of the root and of what it has waited for."""
        children: dict[tuple[int, float] | None, list[_Seen]] = defaultdict(list)
        for seen in self._ended.values():
            if seen.parent_lived_on:
                children[seen.parent].append(seen)
        spent = {"driver": 0.0, "jvm": 0.0, "workers": 0.0}
        for key, seen in self._ended.items():
            known = sum(child.own_s + child.ended_children_s for child in children[key])
            ended = max(seen.ended_children_s, waited - seen.own_s) if key == self._root_key else seen.ended_children_s
            spent[self._role(key, seen)] += seen.own_s + max(0.0, ended - known)
        return spent

    def kill(self) -> None:
        """End every process that is left."""
        for seen in self._alive.values():
            try:
                seen.process.kill()
            except psutil.Error:
                continue

    def _discover(self) -> None:
        try:
            fresh = [psutil.Process(self.root)] if self._root_key is None else []
            known = [seen.process for seen in self._alive.values()]
            by_parent = defaultdict(list)
            for pid, parent in psutil._ppid_map().items():  # what `children` reads anew for each process
                by_parent[parent].append(pid)
        except psutil.Error:
            return
        queue = [*fresh, *known]
        seen_pids = {process.pid for process in known}
        while queue:
            process = queue.pop()
            if process.pid not in seen_pids or process in fresh:
                self._add(process)
                seen_pids.add(process.pid)
            for pid in by_parent.get(process.pid, ()):
                if pid not in seen_pids:
                    try:
                        queue.append(psutil.Process(pid))
                    except psutil.Error:
                        continue

    def _add(self, process: psutil.Process) -> None:
        try:
            key = process.pid, process.create_time()
            parent = next((known for known in self._alive if known[0] == process.ppid()), None)
            self._alive.setdefault(key, _Seen(process, parent, process.name() == _JAVA))
        except psutil.Error:
            return
        if self._root_key is None:
            self._root_key = key

    def _look(self, seen: _Seen) -> int | None:
        """Update what is known of a process and return its resident size; None once it has ended."""
        try:
            with seen.process.oneshot():
                times = seen.process.cpu_times()
                seen.own_s = max(seen.own_s, times.user + times.system)
                seen.ended_children_s = max(seen.ended_children_s, times.children_user + times.children_system)
                if seen.process.status() == psutil.STATUS_ZOMBIE:  # ended; some machines never collect orphans
                    return None
                seen.java = seen.java or seen.process.name() == _JAVA
                return int(seen.process.memory_info().rss)
        except psutil.Error:
            return None
