"""A stream is live: each word goes out before the model writes the next; who leaves ends the model's work at once."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from tests.unit.gateway.conftest import Gateway, model
from tests.unit.gateway.leaving import Ends, ask, shut


class Gate:
    """Lets the upstream write one word each time that it is opened."""

    def __init__(self) -> None:
        self._words = threading.Semaphore(0)

    def open(self) -> None:
        self._words.release()

    async def __call__(self) -> object:
        # A short wait at a time: a thread that waits for ever would outlive its test.
        while not self._words.acquire(blocking=False):
            await asyncio.sleep(0.002)
        return None


def blocks(response: http.client.HTTPResponse) -> Iterator[Any]:
    block = b""
    while line := response.readline():
        if line == b"\n":
            yield json.loads(block.partition(b"data: ")[2]) if b"[DONE]" not in block else None
            block = b""
        else:
            block += line


@pytest.mark.parametrize("model", ["first", "approved"])
def test_each_word_reaches_the_client_before_the_model_has_written_the_next(
    gateway: Gateway, upstream: Upstream, model: str
) -> None:
    gate = Gate()
    upstream.scripted(Script(gate=gate))
    gate.open()
    connection = ask(gateway, "/v1/generate", {"model": model, "prompt": "x", "stream": True})

    told = []
    for block in blocks(connection.getresponse()):
        told.append(block.get("text"))
        gate.open()
    connection.close()

    assert told == ["The ", "owl ", "hunts ", "at ", "night.", None]


@pytest.mark.parametrize("model", ["first", "approved"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_the_model_s_work_in_the_middle_of_a_word(
    gateway: Gateway, upstream: Upstream, model: str, stream: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    gate, ends = Gate(), Ends(upstream)
    upstream.scripted(Script(gate=gate))
    connection = ask(gateway, "/v1/generate", {"model": model, "prompt": "x", "stream": stream})
    if stream:
        gate.open()
        told = blocks(connection.getresponse())
        next(told)
        for _ in range(2):
            gate.open()
            next(told)
    else:
        while not upstream.asked:
            time.sleep(0.002)
    shut(connection)

    # No further word is written: the gate stays shut, so only the shut connection can have ended it.
    assert ends.wait() == "left"
    gateway.wait_until_idle()
    assert '"status": 499' in capsys.readouterr().out


def test_a_client_that_leaves_in_one_part_of_a_long_text_has_no_further_part_asked(
    gateway: Gateway, configure: Any, upstream: Upstream
) -> None:
    configure(models=[model("first", context_tokens=300)])
    ends = Ends(upstream)
    upstream.scripted(Script(stalls=True))
    long_text = "Owls hunt at night. " * 90
    connection = ask(gateway, "/v1/summarize", {"model": "first", "text": long_text, "stream": True})
    first = next(blocks(connection.getresponse()))
    while not upstream.asked:
        time.sleep(0.002)
    shut(connection)

    assert first["parts"] > 1
    assert ends.wait() == "left"
    gateway.wait_until_idle()
    assert len(upstream.asked) == 1


def test_the_deadline_ends_the_model_s_work_with_a_problem(gateway: Gateway, upstream: Upstream) -> None:
    ends = Ends(upstream)
    upstream.scripted(Script(stalls=True))

    for stream in (False, True):
        deadline = json.dumps({"deadline": int((time.time() + 4) * 1000)})
        connection = ask(
            gateway,
            "/v1/generate",
            {"model": "first", "prompt": "x", "stream": stream},
            **{"x-amzn-lambda-context": deadline},
        )
        response = connection.getresponse()
        problem = json.load(response)
        assert (response.status, problem["title"]) == (504, "Gateway Timeout")
        assert "busy with other requests, or still starting" in problem["detail"]
        assert ends.wait() == "left"
        connection.close()


def test_the_deadline_in_the_middle_of_a_stream_is_its_last_event(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(Script(dies_after=2, stalls=True))
    deadline = json.dumps({"deadline": int((time.time() + 6) * 1000)})

    reply = gateway.post(
        "/v1/generate",
        {"model": "first", "prompt": "x", "stream": True},
        headers={"Content-Type": "application/json", "x-amzn-lambda-context": deadline},
    )

    assert [name for name, _ in reply.events] == ["delta", "delta", "error"]
    assert reply.events[-1][1]["status"] == 504


def test_a_client_that_leaves_while_it_waits_for_another_try_is_not_tried_for(
    gateway: Gateway, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambdas.gateway.models.chain.random.uniform", lambda low, high: 30.0)
    upstream.scripted(Script(error="ThrottlingException"))
    connection = ask(gateway, "/v1/generate", {"model": "first", "prompt": "x"})
    while not upstream.ended["answered"]:
        time.sleep(0.002)
    connection.close()

    gateway.wait_until_idle()
    assert len(upstream.asked) == 1


def test_the_usage_comes_as_a_chunk_of_its_own_where_it_is_asked_for(gateway: Gateway) -> None:
    plain = gateway.chat(stream=True).events
    counted = gateway.chat(stream=True, stream_options={"include_usage": True}).events

    assert len(counted) == len(plain) + 1
    assert counted[-2][1]["choices"] == []
    assert counted[-2][1]["usage"]["total_tokens"] == 12
    assert [data for _, data in (plain[-1], counted[-1])] == ["[DONE]", "[DONE]"]
    assert plain[-2][1]["choices"][0]["finish_reason"] == "stop"
    own = plain[-2][1]["fourfold"]
    assert (own["model"], own["cache"], own["guard"], own["cost_usd"]) == ("first", "off", "off", 27e-6)
    assert own["first_token_ms"] <= own["latency_ms"]


def test_where_usage_is_asked_for_every_chunk_has_the_field_and_only_the_last_one_fills_it(gateway: Gateway) -> None:
    counted = gateway.chat(stream=True, stream_options={"include_usage": True}).events
    plain = gateway.chat(stream=True).events

    assert [chunk["usage"] for _, chunk in counted[:-2]] == [None] * (len(counted) - 2)
    assert not [chunk for _, chunk in plain[:-1] if "usage" in chunk]


@pytest.mark.parametrize("stream", [False, True])
def test_half_a_character_of_the_model_s_is_no_fault_of_ours(
    gateway: Gateway, upstream: Upstream, stream: bool
) -> None:
    # Where a token ends within a character that JSON escapes as a pair, the halves come in two pieces.
    upstream.scripted(Script(words=("An owl: ", "\ud83e", "\udd89", " \ud83d")))

    reply = gateway.post("/v1/generate", {"model": "first", "prompt": "x", "stream": stream})

    whole = reply.events[-1][1] if stream else reply.body
    assert (reply.status, whole["output"]) == (200, "An owl: \U0001f989 \ud83d")


def test_a_model_that_cannot_stream_answers_a_stream_in_one_piece(
    gateway: Gateway, configure: Any, upstream: Upstream
) -> None:
    configure(models=[model("first", streaming=False)])

    events = gateway.post("/v1/generate", {"model": "first", "prompt": "x", "stream": True}).events

    assert [name for name, _ in events] == ["delta", "done"]
    assert upstream.asked[0].path.endswith("/converse")


def test_connections_and_threads_are_given_back(gateway: Gateway, upstream: Upstream) -> None:
    for stream in (False, True, False, True):
        gateway.chat(stream=stream)
        gateway.wait_until_idle()

    # One connection served all of them: a request that has ended shuts none that the next one may be using.
    assert upstream.accepted == 1
