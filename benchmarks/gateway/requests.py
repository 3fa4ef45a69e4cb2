"""Processor time of one request, and of a hundred events of a stream, over boto3's own calls.

Both are measured in turns, in processes that stay, and the median of the rounds counts: on a machine that others use
too, what one round takes longer the other side takes longer as well. A stream's fixed part and what each event adds are
told apart by streams of two lengths.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from statistics import median
from typing import Any, NamedTuple

from benchmarks.gateway.processes import HOST, MODEL, Started, bare, cpu_seconds, gateway, upstream

ROUNDS, REQUESTS, STREAMS = 15, 60, 3
SHORT, LONG = 20, 420
PACE = "0.001"
QUESTION = {"role": "user", "content": "What do owls hunt?"}
# As API Gateway and the Lambda Web Adapter send it with each request.
CONTEXT = {
    "accountId": "123456789012",
    "apiId": "a1b2c3d4e5",
    "httpMethod": "POST",
    "identity": {
        "accessKey": "AKIAIOSFODNN7EXAMPLE",
        "accountId": "123456789012",
        "caller": "AROAIOSFODNN7EXAMPLE:reports",
        "sourceIp": "192.0.2.1",
        "userArn": "arn:aws:sts::123456789012:assumed-role/Reports/reports",
        "userAgent": "python-requests",
    },
    "path": "/api/v1/chat/completions",
    "protocol": "HTTP/1.1",
    "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    "resourcePath": "/v1/{proxy+}",
    "stage": "api",
}
HEADERS = {"Content-Type": "application/json", "x-amzn-request-context": json.dumps(CONTEXT)}
BUDGET = {"caller_usd_per_day": 1000.0, "usd_per_day": 5000.0}
CACHE = {"exact": True, "ttl_seconds": 86_400, "semantic": None}
Ask = Callable[[int], float]


class Setting(NamedTuple):
    """A gateway as it may be set up, and the calls of boto3 that it cannot do without.

    Attributes:
        about: what it is.
        calls: the function of `bare.Bare`.
        settings: members of the gateway's settings.
        cached: how requests ask for former answers: None does not, False always for a new one, True for the same.
        alone: whether the bound is on what it takes beyond Converse alone, and not beyond all of these calls.
    """

    about: str
    calls: str
    settings: Mapping[str, object]
    table: bool = True
    cached: bool | None = None
    alone: bool = False


SETTINGS = (
    Setting("with no table", "converse", {}, table=False, alone=True),
    Setting("as deployed: two caps, two counts", "counted", {"budget": BUDGET}, alone=True),
    Setting(
        "with the exact cache too: not found, and kept", "missed", {"budget": BUDGET, "cache": CACHE}, cached=False
    ),
    Setting("with the exact cache too: found", "found", {"budget": BUDGET, "cache": CACHE}, cached=True),
)


class Cost(NamedTuple):
    """Milliseconds of processor time: medians.

    Attributes:
        bare: boto3 with the same calls.
        over: what the gateway takes beyond them.
        converse: boto3's Converse alone.
        over_converse: what the gateway takes beyond that.
    """

    bare: float
    over: float
    converse: float
    over_converse: float


class EventsCost(NamedTuple):
    """Milliseconds of processor time of a hundred events: medians.

    Attributes:
        bare: boto3's.
        over: what the gateway takes beyond that.
        writes: what a write for each event takes by itself, which no server can do without.
    """

    bare: float
    over: float
    writes: float


def of_a_request(setting: Setting) -> Cost:
    """Measure one whole answer."""
    table: dict[str, Any] = {"GATEWAY_TABLE": "table"} if setting.table else {}
    with (
        upstream() as url,
        gateway(url, settings=setting.settings, **table) as started,
        bare(url, setting.calls) as same,
        bare(url, "converse") as converse,
        _asked(started, setting.cached) as asked,
    ):
        sides = (same, converse, asked)
        for side in sides:
            side(REQUESTS)
        rounds = [[side(REQUESTS) * 1000 for side in sides] for _ in range(ROUNDS)]
    return Cost(
        bare=median(same for same, _, _ in rounds),
        over=median(whole - same for same, _, whole in rounds),
        converse=median(alone for _, alone, _ in rounds),
        over_converse=median(whole - alone for _, alone, whole in rounds),
    )


def of_a_hundred_events(*, paced: bool) -> EventsCost:
    """Measure what a hundred events add to a stream; paced, each comes by itself, as from a model."""
    pace = ("--pause", PACE) if paced else ()
    with ExitStack() as stack:
        lengths = []
        for words in (SHORT, LONG):
            url = stack.enter_context(upstream("--words", str(words), *pace))
            started = stack.enter_context(gateway(url))
            lengths.append(
                (
                    stack.enter_context(bare(url, "streamed")),
                    stack.enter_context(bare(url, "relayed", writing=True)),
                    stack.enter_context(_asked(started, stream=True)),
                )
            )
        for sides in lengths:
            for side in sides:
                side(STREAMS)
        per_hundred = 100_000 / (LONG - SHORT)
        rounds = [
            [(long(STREAMS) - short(STREAMS)) * per_hundred for short, long in zip(*lengths, strict=True)]
            for _ in range(ROUNDS)
        ]
    return EventsCost(
        bare=median(alone for alone, _, _ in rounds),
        over=median(whole - alone for alone, _, whole in rounds),
        writes=median(writes for _, writes, _ in rounds),
    )


@contextmanager
def _asked(started: Started, cached: bool | None = None, *, stream: bool = False) -> Iterator[Ask]:
    """Give a function that asks the gateway so often, and tells the processor time of one."""
    connection = http.client.HTTPConnection(HOST, started.port, timeout=60)
    asked = 0

    def ask(count: int) -> float:
        nonlocal asked
        began = cpu_seconds(started.pid)
        for _ in range(count):
            asked += 1
            question = QUESTION if cached is not False else {**QUESTION, "content": f"What do {asked} owls hunt?"}
            body = {"model": MODEL, "messages": [question], "max_tokens": 64, "stream": stream}
            if cached is not None:
                body["fourfold"] = {"cache": True}
            _ask(connection, json.dumps(body).encode())
        return (cpu_seconds(started.pid) - began) / count

    yield ask
    connection.close()


def _ask(connection: http.client.HTTPConnection, content: bytes) -> None:
    connection.request("POST", "/v1/chat/completions", content, HEADERS)
    response = connection.getresponse()
    answer = response.read()
    if response.status != HTTPStatus.OK:
        raise RuntimeError(f"The gateway answered {response.status}: {answer[:500]!r}")
