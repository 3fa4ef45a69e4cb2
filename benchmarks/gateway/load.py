"""Many clients at once before an upstream on a bad day: each is answered, and nothing is left behind.

Half of the requests are streams. An answer counts as one where it is whole; an error, where it is a problem document,
or at last a problem in the stream.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

from benchmarks.gateway.processes import HOST, MODEL, Started, gateway, upstream
from benchmarks.gateway.requests import BUDGET, HEADERS
from lambdas.gateway.application import CONCURRENCY

WORDS = 40
BAD_DAY = ("--words", str(WORDS), "--throttles", "0.2", "--stalls", "0.02", "--dies", "0.02", "--pause", "0.005")
# A stalled model is waited for so long; with the deployed 25 seconds most clients would soon wait for one.
READ_SECONDS = "4"
CLIENT_SECONDS = 60.0
SAMPLE_SECONDS = 2.0
# Of the process itself: its listener, its loop, its main thread; and what DynamoDB's client keeps.
ITS_OWN = 20
LISTENING = "0A"
# What begins a line of `served`.
TOLD = '{"tasks"'
PROPER_ERRORS = {429, 502, 503, 504}
HEAD = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()).encode()


class Held(NamedTuple):
    """What the gateway's process holds.

    Attributes:
        requests: that are worked on.
        clients: connections that clients came by, open on this side.
        sockets: all that are open.
    """

    tasks: int
    threads: int
    requests: int
    clients: int
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
        complaints: what the gateway wrote on its standard error.
    """

    answers: Counter[str] = field(default_factory=Counter)
    memory_mb: list[float] = field(default_factory=list)
    before: Held | None = None
    after: Held | None = None
    complaints: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Give what should not have been."""
        assert self.before is not None
        assert self.after is not None
        wrong = [f"{count} x {what}" for what, count in self.answers.items() if what.startswith("fault")]
        if self.complaints:
            wrong.append(f"{len(self.complaints)} lines of complaint, the last of them {self.complaints[-1]!r}")
        if not self.answers["answer"]:
            wrong.append("nobody was answered")
        for what, held in (("requests", self.after.requests), ("clients' connections", self.after.clients)):
            if held:
                wrong.append(f"{held} {what} are left")
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
        NamedTemporaryFile() as errors,
        upstream(*BAD_DAY) as url,
        gateway(
            url,
            module=module,
            errors=errors.file,
            settings={"budget": BUDGET},
            GATEWAY_TABLE="table",
            MODEL_TIMEOUT_SECONDS=READ_SECONDS,
        ) as started,
    ):
        asyncio.run(_load(started.port, clients, 5.0, Outcome(), started.pid))
        written = Path(errors.name)
        outcome.before = _held(started, written)
        asyncio.run(_load(started.port, clients, seconds, outcome, started.pid))
        outcome.after = _held(started, written)
        outcome.complaints = [line for line in written.read_text().splitlines() if not line.startswith(TOLD)]
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
            b"%bContent-Length: %d\r\n\r\n%b" % (HEAD, len(content), content)
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
    words = content.count(b"word")
    if not stream or b"data: [DONE]" in content:
        return "answer" if words == WORDS else f"fault: {words} of {WORDS} words"
    return "broken stream" if b'"error": {' in content else "fault: a stream without an end"


def _held(started: Started, written: Path) -> Held:
    """Give what is held once what is on its way has come to its end."""
    time.sleep(1.0)
    before = _told(written)
    os.kill(started.pid, signal.SIGUSR1)
    while (told := _told(written)) == before:
        if started.process.poll() is not None:
            raise RuntimeError(f"The gateway ended under the load: {written.read_text()[-500:]}")
        time.sleep(0.05)
    targets = [str(entry.readlink()) for entry in Path(f"/proc/{started.pid}/fd").iterdir()]
    sockets = {target for target in targets if target.startswith("socket:")}
    return Held(
        **json.loads(told[-1]),
        clients=_clients(started.port, sockets),
        sockets=len(sockets),
        rss_mb=_rss_mb(started.pid),
    )


def _told(written: Path) -> list[str]:
    return [line for line in written.read_text().split("\n")[:-1] if line.startswith(TOLD)]


def _clients(port: int, sockets: set[str]) -> int:
    """Count those of the sockets that are connections to a port of this machine, at the end that listens."""
    connections = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(
        f"socket:[{fields[9]}]" in sockets and int(fields[1].split(":")[1], 16) == port and fields[3] != LISTENING
        for fields in connections
    )


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
