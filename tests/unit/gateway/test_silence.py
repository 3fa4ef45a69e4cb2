"""A stream that waits for its model is not silent: comments stand between its events, and errors come as events."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import openai
import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway import silence
from lambdas.gateway.outbox import Outbox
from tests.unit.gateway.conftest import Gateway

QUESTION: Any = [{"role": "user", "content": "What do owls hunt?"}]
COMMENT = ": waiting"


class Gate:
    """Lets the upstream write one word, or its error, each time that it is opened."""

    def __init__(self) -> None:
        self._words = threading.Semaphore(0)

    def open(self, times: int = 1) -> None:
        self._words.release(times)

    async def __call__(self) -> None:
        while not self._words.acquire(blocking=False):
            await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "LONGEST_SECONDS", 0.05)


@pytest.fixture
def client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", max_retries=0)


def ask(gateway: Gateway, path: str = "/v1/generate", *, stream: bool = True, **more: object) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    body = {"model": "first", "prompt": "x", "stream": stream, **more}
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    return connection.getresponse()


def blocks(response: HTTPResponse) -> Iterator[str]:
    """Give what stands between blank lines, as it comes."""
    block: list[str] = []
    while line := response.readline().decode():
        if line == "\n":
            yield "\n".join(block)
            block = []
        else:
            block.append(line.rstrip("\n"))


def until_the_silence_is_broken(told: Iterator[str]) -> list[str]:
    """Read to the next comment, and give what came before it."""
    before: list[str] = []
    while (block := next(told)) != COMMENT:
        before.append(block)
    return before


def test_comments_come_while_the_first_word_is_waited_for_and_between_the_words(
    gateway: Gateway, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.scripted(Script(gate=gate))
    response = ask(gateway)
    told = blocks(response)

    assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    read: list[str] = []
    for _ in range(5):
        read += until_the_silence_is_broken(told)
        gate.open()
    read += [block for block in told if block != COMMENT]

    words = [json.loads(block.partition("data: ")[2]).get("text") for block in read]
    assert words == ["The ", "owl ", "hunts ", "at ", "night.", None]


def test_an_error_after_a_comment_is_the_stream_s_last_event_and_says_when_to_ask_again(
    gateway: Gateway, upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = Gate()
    upstream.scripted(Script(error="ModelNotReadyException", gate=gate))
    told = blocks(ask(gateway))

    until_the_silence_is_broken(told)
    gate.open()

    (last,) = [block for block in told if block != COMMENT]
    assert last.startswith("event: error\ndata: ")
    problem = json.loads(last.partition("data: ")[2])
    assert (problem["status"], problem["detail"]) == (503, "The model is not ready yet.")
    assert problem["retry_after"] == 10
    gateway.wait_until_idle()
    assert '"status": 503' in capsys.readouterr().out


def test_an_error_before_the_first_comment_is_a_response_of_its_own(
    gateway: Gateway, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "LONGEST_SECONDS", 600.0)
    upstream.scripted(Script(error="ModelNotReadyException"))

    reply = gateway.chat(stream=True)

    assert (reply.status, reply.headers["retry-after"], reply.body["retry_after"]) == (503, "10", 10)


def test_nothing_is_put_into_an_answer_that_is_no_stream(gateway: Gateway, upstream: Upstream) -> None:
    gate = Gate()
    upstream.scripted(Script(gate=gate))
    read: list[bytes] = []
    whole = threading.Thread(target=lambda: read.append(ask(gateway, stream=False).read()))
    whole.start()
    while not upstream.asked:
        time.sleep(0.002)

    # This one was asked later: when its silence is broken, that of the other one would have been.
    told = blocks(ask(gateway))
    until_the_silence_is_broken(told)
    gate.open(6)
    assert list(told)
    whole.join()

    assert json.loads(read[0])["output"] == "The owl hunts at night."


@pytest.mark.parametrize(("last", "begun"), [(100.0, True), (101.99, False)])
def test_the_silence_is_that_since_the_last_word_also_where_the_loop_did_not_send_it(
    last: float, begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked() -> bool:
        loop = asyncio.get_running_loop()
        outbox = Outbox(loop)
        outbox.stream({})
        monkeypatch.setattr(silence, "monotonic", lambda: 100.0)
        watched = silence.Silence(outbox, loop)
        outbox.last = last
        monkeypatch.setattr(silence, "monotonic", lambda: 102.0)
        await asyncio.sleep(4 * silence.LONGEST_SECONDS)
        watched.end()
        return outbox.live

    assert asyncio.run(looked()) == begun


def test_openai_s_client_passes_over_the_comments(client: openai.OpenAI, upstream: Upstream) -> None:
    gate = Gate()
    upstream.scripted(Script(gate=gate))
    stream = client.chat.completions.create(model="first", messages=QUESTION, stream=True)

    # The call has returned before any word was written: a comment has begun the response.
    gate.open(5)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    assert text == "The owl hunts at night."


def test_openai_s_client_raises_an_error_that_comes_after_comments(client: openai.OpenAI, upstream: Upstream) -> None:
    gate = Gate()
    upstream.scripted(Script(error="ModelNotReadyException", gate=gate))
    stream = client.chat.completions.create(model="first", messages=QUESTION, stream=True)

    gate.open()
    with pytest.raises(openai.APIError, match="The model is not ready yet") as raised:
        list(stream)

    assert raised.value.code == "service_unavailable"
