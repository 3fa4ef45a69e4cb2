"""Many clients at once before an upstream on a bad day: each is answered, and nothing is left behind.

Half of the requests are streams. An answer counts as one where it is whole; an error, where it is a problem document,
or at last a problem in the stream.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway.processes import HOST, MODEL, gateway, upstream
from lambdas.gateway.application import CONCURRENCY

BAD_DAY = ("--words", "40", "--throttles", "0.2", "--stalls", "0.02", "--dies", "0.02", "--pause", "0.005")
# A stalled model is waited for so long; with the deployed 25 seconds most clients would soon wait for one.
READ_SECONDS = "4"
CLIENT_SECONDS = 60.0
SAMPLE_SECONDS = 2.0
# Of the process itself: its listener, its loop, its main thread.
ITS_OWN = 10
PROPER_ERRORS = {429, 502, 503, 504}


class Held(NamedTuple):
    """What the gateway's process holds."""

    tasks: int
    threads: int
    sockets: int
    rss_mb: float


@dataclass
class Outcome:
    """What came of a load run.

    Attributes:
        answers: by what they are: ``answer``, ``error <status>``, ``broken stream``; anything else is a fault.
        memory_mb: of the process, through time.
        before: held when a first, short load had gone.
        after: held when the load had gone.
    """

    answers: Counter[str] = field(default_factory=Counter)
    memory_mb: list[float] = field(default_factory=list)
    before: Held | None = None
    after: Held | None = None

    def faults(self) -> list[str]:
        """Give what should not have been."""
        assert self.before is not None
        assert self.after is not None
        wrong = [f"{count} x {what}" for what, count in self.answers.items() if what.startswith("fault")]
        if self.after.tasks > self.before.tasks:
            wrong.append(f"{self.after.tasks - self.before.tasks} tasks are left")
        for what, held in (("threads", self.after.threads), ("sockets", self.after.sockets)):
            # A thread, and a connection to the model, for each request that may be worked on at once; they are kept.
            if held > CONCURRENCY + ITS_OWN:
                wrong.append(f"{held} {what} are left")
        half = len(self.memory_mb) // 2
        early, late = max(self.memory_mb[:half]), max(self.memory_mb[half:])
        if late > early * 1.1:
            wrong.append(f"memory grew from {early:.0f} to {late:.0f} MB")
        return wrong


def run(clients: int, seconds: float) -> Outcome:
    """Load the gateway, and say what came of it."""
    outcome = Outcome()
    module = "benchmarks.gateway.served"
    with (
        upstream(*BAD_DAY) as url,
        gateway(url, module=module, errors=subprocess.PIPE, MODEL_TIMEOUT_SECONDS=READ_SECONDS) as started,
    ):
        asyncio.run(_load(started.port, clients, 5.0, Outcome(), started.pid))
        outcome.before = _held(started.pid, started.process)
        asyncio.run(_load(started.port, clients, seconds, outcome, started.pid))
        outcome.after = _held(started.pid, started.process)
    return outcome


async def _load(port: int, clients: int, seconds: float, outcome: Outcome, pid: int) -> None:
    until = time.monotonic() + seconds
    sampling = asyncio.ensure_future(_sample(pid, outcome))
    await asyncio.gather(*(_client(port, number, until, outcome) for number in range(clients)))
    sampling.cancel()


async def _sample(pid: int, outcome: Outcome) -> None:
    while True:
        outcome.memory_mb.append(_rss_mb(pid))
        await asyncio.sleep(SAMPLE_SECONDS)


async def _client(port: int, number: int, until: float, outcome: Outcome) -> None:
    while time.monotonic() < until:
        number += 1
        stream = number % 2 == 0
        try:
            status, content = await asyncio.wait_for(_ask(port, stream), CLIENT_SECONDS)
            outcome.answers[_judged(status, content, stream)] += 1
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as failure:
            outcome.answers[f"fault {type(failure).__name__}"] += 1


async def _ask(port: int, stream: bool) -> tuple[int, bytes]:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "What do owls hunt?"}], "stream": stream}
    content = json.dumps(body).encode()
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        )
        head = await reader.readuntil(b"\r\n\r\n")
        rest = await reader.read()
        return int(head.split(b" ", 2)[1]), rest
    finally:
        writer.close()


def _judged(status: int, content: bytes, stream: bool) -> str:
    if status in PROPER_ERRORS:
        return f"error {status}" if b'"instance": "urn:request:' in content else f"fault {status} without a problem"
    if status != 200:
        return f"fault {status}"
    if not stream:
        return "answer" if json.loads(content)["choices"][0]["message"]["content"] else "fault: empty"
    if b"data: [DONE]" in content:
        return "answer"
    return "broken stream" if b'"error": {' in content else "fault: a stream without an end"


def _held(pid: int, process: subprocess.Popen[bytes]) -> Held:
    """Give what is held once what is on its way has come to its end."""
    time.sleep(1.0)
    os.kill(pid, signal.SIGUSR1)
    assert process.stderr is not None
    told = json.loads(process.stderr.readline())
    sockets = sum(str(entry.readlink()).startswith("socket:") for entry in Path(f"/proc/{pid}/fd").iterdir())
    return Held(told["tasks"], told["threads"], sockets, _rss_mb(pid))


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
