"""Requests to one server, some at a time, and what they take: processor time of its process tree, and latency.

Whoever asks is no part of that tree, and neither is what a server takes to start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from statistics import median

import psutil


@dataclass(frozen=True)
class Counted:
    """What one answer had: tokens that were made, tokens of the prompt, and how many of those were computed anew."""

    made: int
    prompt: int
    computed: int


@dataclass(frozen=True)
class Sample:
    """What one tool took for the same requests as the others."""

    tool: str
    concurrency: int
    round: int
    tokens: int
    prompt_tokens: int
    computed_prompt_tokens: int
    cpu_s: float
    wall_s: float
    latency_s: float
    """The median of the requests'."""
    rss: int
    load: float

    @property
    def tokens_per_cpu_s(self) -> float:
        """Tokens that were made, by second of processor time."""
        return self.tokens / self.cpu_s


@dataclass(frozen=True)
class Timed:
    """Answers with their latencies, in order."""

    answers: Sequence[Counted]
    latencies: Sequence[float]


def in_turn(ask: Callable[[str], Counted], prompts: Sequence[str], concurrency: int) -> Timed:
    """Ask one request a prompt, so many at a time; the next one is sent when one is answered."""

    def timed(prompt: str) -> tuple[Counted, float]:
        began = time.perf_counter()
        return ask(prompt), time.perf_counter() - began

    with ThreadPoolExecutor(concurrency) as threads:
        done = list(threads.map(timed, prompts))
    return Timed([answer for answer, _ in done], [seconds for _, seconds in done])


@dataclass(frozen=True)
class Usage:
    """Processor time and resident size of some process trees at a moment."""

    cpu_s: float
    rss: int


def usage(roots: Iterable[int]) -> Usage:
    """Look at the processes and all that descend from them; one that ends meanwhile has no more to tell."""
    cpu_s, rss = 0.0, 0
    for root in map(psutil.Process, roots):
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                # A server's processes live as long as it; the ended ones are what it may have started in between.
                cpu_s += times.user + times.system + times.children_user + times.children_system
                rss += process.memory_info().rss
    return Usage(cpu_s, rss)


def measured(tool: str, root: int, run: Callable[[], Timed], concurrency: int, number: int) -> Sample:
    """Run the requests of one round and measure the tree that answers them."""
    load = psutil.getloadavg()[0]
    before, began = usage([root]), time.perf_counter()
    timed = run()
    wall_s, after = time.perf_counter() - began, usage([root])
    return Sample(
        tool=tool,
        concurrency=concurrency,
        round=number,
        tokens=sum(answer.made for answer in timed.answers),
        prompt_tokens=sum(answer.prompt for answer in timed.answers),
        computed_prompt_tokens=sum(answer.computed for answer in timed.answers),
        cpu_s=round(after.cpu_s - before.cpu_s, 2),
        wall_s=round(wall_s, 2),
        latency_s=round(median(timed.latencies), 3),
        rss=after.rss,
        load=round(load, 1),
    )
