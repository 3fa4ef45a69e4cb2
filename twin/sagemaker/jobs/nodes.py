"""The machines of a training job: a process each, with an `/opt/ml` of its own, all on this machine.

Each has the same data and code. They find each other at this machine's loopback address, where the service has names
(`algo-1`, …) for them. What they leave as the model becomes one folder, as on SageMaker.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from twin.processes import Completed, OnLine, Process
from twin.sagemaker.directory import ContainerDirectory
from twin.sagemaker.jobs.failure import algorithm_error

MOST = 4
"""So many machines a job may have here, where each is another process on the same cores."""

_POLL_S = 0.05


@dataclass(frozen=True)
class Node:
    """One machine: its name in the cluster, and its directory."""

    name: str
    directory: ContainerDirectory


def names(count: int) -> list[str]:
    """The hosts of a job's resourceconfig.json."""
    return [f"algo-{number}" for number in range(1, count + 1)]


def copied(first: ContainerDirectory, kind: str, job: str, count: int) -> list[Node]:
    """The nodes of a job, the first of which has its data and code; the others get what it has."""
    first_name, *others = names(count)
    nodes = [Node(first_name, first)]
    for name in others:
        directory = ContainerDirectory(f"{kind}.{name}", job)
        shutil.copytree(first.root, directory.root, dirs_exist_ok=True)
        nodes.append(Node(name, directory))
    return nodes


def gather(nodes: Sequence[Node], folder: str) -> None:
    """Move what the other nodes left in a folder to the first one's. Raises JobFailedError where two left one file."""
    target = nodes[0].directory.folder(folder)
    for node in nodes[1:]:
        source = node.directory.folder(folder)
        for path in sorted(source.rglob("*")):
            if not path.is_file():
                continue
            relative = path.relative_to(source)
            if (target / relative).exists():
                raise algorithm_error(f"Two hosts left the file {folder}/{relative}: {node.name} is one of them.")
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target / relative)


@dataclass(frozen=True)
class Start:
    """A node's process before it is started."""

    argv: Sequence[str]
    environment: dict[str, str]
    folder: Path
    on_line: OnLine


def run_together(
    starts: Sequence[Start], limit: float, stop: threading.Event, grace: Callable[[], float]
) -> tuple[int, Completed]:
    """Run a process for each node; once one fails, the others are ended.

    Gives which node's end is that of the job (the first that failed, else the first node's), and that end, with the
    time and memory of all.
    """
    processes = [Process(one.argv, one.environment, one.folder, one.on_line, True, grace) for one in starts]
    end = threading.Event()
    with ThreadPoolExecutor(len(processes)) as pool:
        waits = [pool.submit(process.wait, limit, end) for process in processes]
        try:
            failed = _first_failure([wait.done for wait in waits], [wait.result for wait in waits], stop)
        finally:
            end.set()
        ended = [wait.result() for wait in waits]
    verdict = failed or 0
    outcome: Literal["exited", "stopped", "timed out"] = ended[verdict].ended
    return verdict, replace(
        ended[verdict],
        ended="stopped" if failed is None and stop.is_set() else outcome,
        cpu_s=round(sum(one.cpu_s for one in ended), 3),
        max_rss=sum(one.max_rss for one in ended),
    )


def _first_failure(
    done: Sequence[Callable[[], bool]], result: Sequence[Callable[[], Completed]], stop: threading.Event
) -> int | None:
    """Wait until one has failed, all have ended, or the job is told to stop; the number of the one that failed."""
    while True:
        over = [number for number, is_done in enumerate(done) if is_done()]
        for number in over:
            completed = result[number]()
            if completed.ended == "timed out" or completed.returncode != 0:
                return number
        if len(over) == len(done) or stop.wait(_POLL_S):
            return None
