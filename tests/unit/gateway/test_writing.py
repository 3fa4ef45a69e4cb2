"""A stream comes whole and in order, whoever writes it: the thread that reads the model, or the server's loop."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import socket
from typing import Any

from benchmarks.gateway.upstream import Script, Upstream
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.leaving import Ends

BODY = json.dumps({"model": "first", "prompt": "x", "stream": True}).encode()


def connected(gateway: Gateway, version: str = "HTTP/1.1", *headers: str, buffer: int | None = None) -> socket.socket:
    """Ask for a stream on a plain socket."""
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(60)
    client.connect(("127.0.0.1", gateway.port))
    head = ["POST /v1/generate " + version, "Host: x", "Content-Type: application/json", *headers]
    client.sendall("\r\n".join([*head, f"Content-Length: {len(BODY)}", "", ""]).encode() + BODY)
    return client


def told(client: socket.socket) -> list[Any]:
    """Read a response to its end, and give the data of its events."""
    response = http.client.HTTPResponse(client)
    response.begin()
    blocks = response.read().decode().split("\n\n")
    client.close()
    return [json.loads(block.partition("data: ")[2]) for block in blocks if block]


def texts(client: socket.socket) -> list[str]:
    return [event["text"] for event in told(client)[:-1]]


def test_words_that_come_at_once_and_words_that_come_alone_keep_their_order(
    gateway: Gateway, upstream: Upstream
) -> None:
    chance = random.Random(1)
    words = tuple(f"word{number} " for number in range(600))

    async def sometimes() -> None:
        if chance.random() < 0.3:
            await asyncio.sleep(chance.choice((0.0003, 0.001)))

    upstream.scripted(Script(words=words, gate=sometimes))

    assert texts(connected(gateway)) == list(words)


def test_a_client_that_reads_nothing_for_a_while_gets_all_of_it(gateway: Gateway, upstream: Upstream) -> None:
    ends = Ends(upstream)
    # Together more than the system keeps for a connection; one word is more than it has room for at some moment.
    words = tuple(f"{number:04d}" + "x" * 30_000 for number in range(220))
    upstream.scripted(Script(words=words, pause=0.0005))
    client = connected(gateway, buffer=8192)
    ends.wait()

    assert texts(client) == list(words)


def test_a_connection_that_the_client_wants_closed_is_closed_with_the_stream(
    gateway: Gateway, upstream: Upstream
) -> None:
    upstream.scripted(Script(pause=0.005))
    client = connected(gateway, "HTTP/1.1", "Connection: close")
    answer = b""
    while piece := client.recv(65_536):
        answer += piece
    client.close()

    assert answer.endswith(b"\r\n0\r\n\r\n")


def test_a_client_of_http_1_0_is_sent_no_chunks(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(Script(pause=0.005))

    assert texts(connected(gateway, "HTTP/1.0")) == ["The ", "owl ", "hunts ", "at ", "night."]
