"""Processor time of one request, and of a hundred events of a stream, over boto3's own calls.

A request's fixed part and what each event adds are told apart by streams of two lengths.
"""

from __future__ import annotations

import http.client
import json
from http import HTTPStatus
from typing import NamedTuple

from benchmarks.gateway.processes import HOST, MODEL, Started, cpu_seconds, environment, gateway, measured, upstream

REQUESTS, STREAMS, ROUNDS = 400, 20, 3
SHORT, LONG = 100, 1100
PACE = "0.001"
PREPARE = """
import sys, time
import boto3
client = boto3.client("bedrock-runtime")
messages = [{"role": "user", "content": [{"text": "What do owls hunt?"}]}]
request = {"modelId": "amazon.first-v1:0", "messages": messages, "inferenceConfig": {"maxTokens": 64}}
count = int(sys.argv[1])
"""
CONVERSE = f"""{PREPARE}
def ask():
    return client.converse(**request)["output"]["message"]["content"][0]["text"]
for _ in range(20):
    ask()
began = time.process_time()
for _ in range(count):
    ask()
print((time.process_time() - began) / count)
"""
STREAM = f"""{PREPARE}
def ask():
    texts = []
    for event in client.converse_stream(**request)["stream"]:
        if "contentBlockDelta" in event:
            texts.append(event["contentBlockDelta"]["delta"]["text"])
    return texts
for _ in range(3):
    ask()
began = time.process_time()
for _ in range(count):
    ask()
print((time.process_time() - began) / count)
"""


class Cost(NamedTuple):
    """Milliseconds of processor time, of boto3 alone and of the gateway with it."""

    bare: float
    gateway: float

    @property
    def over(self) -> float:
        """What the gateway adds."""
        return self.gateway - self.bare


def of_a_request() -> Cost:
    """Measure one whole answer."""
    with upstream() as url, gateway(url) as started:
        bare = min(measured(CONVERSE, environment(url), [str(REQUESTS)]) for _ in range(ROUNDS))
        body = {"model": MODEL, "messages": [{"role": "user", "content": "What do owls hunt?"}], "max_tokens": 64}
        over = min(_each(started, body, REQUESTS) for _ in range(ROUNDS))
    return Cost(bare * 1000, over * 1000)


def of_a_hundred_events(*, paced: bool) -> Cost:
    """Measure what a hundred events add to a stream; paced, each comes by itself, as from a model."""
    pace = ("--pause", PACE) if paced else ()
    costs = []
    for words in (SHORT, LONG):
        with upstream("--words", str(words), *pace) as url, gateway(url) as started:
            bare = min(measured(STREAM, environment(url), [str(STREAMS)]) for _ in range(ROUNDS))
            body = {
                "model": MODEL,
                "messages": [{"role": "user", "content": "What do owls hunt?"}],
                "stream": True,
            }
            over = min(_each(started, body, STREAMS) for _ in range(ROUNDS))
            costs.append(Cost(bare * 1000, over * 1000))
    short, long = costs
    hundreds = (LONG - SHORT) / 100
    return Cost((long.bare - short.bare) / hundreds, (long.gateway - short.gateway) / hundreds)


def _each(started: Started, body: dict[str, object], count: int) -> float:
    connection = http.client.HTTPConnection(HOST, started.port, timeout=60)
    content = json.dumps(body).encode()
    for _ in range(5):
        _ask(connection, content)
    began = cpu_seconds(started.pid)
    for _ in range(count):
        _ask(connection, content)
    used = cpu_seconds(started.pid) - began
    connection.close()
    return used / count


def _ask(connection: http.client.HTTPConnection, content: bytes) -> None:
    connection.request("POST", "/v1/chat/completions", content, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != HTTPStatus.OK:
        raise RuntimeError(f"The gateway answered {response.status}: {answer[:500]!r}")
