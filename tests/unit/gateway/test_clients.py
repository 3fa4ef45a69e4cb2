"""Ordinary clients work against the gateway unchanged: OpenAI's own package, LangChain's, and plain HTTP."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from benchmarks.gateway.upstream import Script, Upstream
from tests.unit.gateway.conftest import Gateway

ANSWER = "The owl hunts at night."
QUESTION: Any = [{"role": "user", "content": "What do owls do?"}]


@pytest.fixture
def client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/partners/v1", api_key="key", max_retries=0)


def test_openai_lists_models_and_asks_one(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    answer = client.chat.completions.create(model="first", messages=QUESTION, temperature=0.2, seed=None)

    assert names == ["approved", "first", "second", "titan"]
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 12
    assert answer.model == "first"


def test_openai_reads_a_stream_with_its_usage(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="approved",
        messages=QUESTION,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == ANSWER
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == [12]


def test_openai_s_stream_is_closed_and_the_model_stops(client: openai.OpenAI, upstream: Upstream) -> None:
    ended = threading.Event()
    upstream.on_end = lambda how: ended.set()
    upstream.scripted(Script(words=tuple("abcdefgh") * 200, pause=0.01))
    stream = client.chat.completions.create(model="first", messages=QUESTION, stream=True)

    next(iter(stream))
    stream.close()

    assert ended.wait(10)
    assert upstream.ended == {"left": 1}


@pytest.mark.parametrize("encoding", ["float", openai.omit])
def test_openai_reads_embeddings_as_numbers_and_as_the_bytes_that_it_asks_for_by_itself(
    client: openai.OpenAI, upstream: Upstream, encoding: Any
) -> None:
    upstream.scripted(Script(embedding=(3.0, 4.0), input_tokens=2))

    answer = client.embeddings.create(model="titan", input=["owls", "bees"], encoding_format=encoding)

    assert [[round(number, 3) for number in one.embedding] for one in answer.data] == [[0.6, 0.8]] * 2
    assert (answer.usage.prompt_tokens, answer.model) == (4, "titan")


def test_openai_raises_its_own_errors(client: openai.OpenAI, upstream: Upstream) -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'gpt'") as missing:
        client.chat.completions.create(model="gpt", messages=QUESTION)
    with pytest.raises(openai.BadRequestError) as wrong:
        client.chat.completions.create(model="first", messages=QUESTION, n=2)
    upstream.scripted(Script(error="ThrottlingException"))
    with pytest.raises(openai.RateLimitError, match="The model is busy"):
        client.chat.completions.create(model="first", messages=QUESTION)

    assert (missing.value.param, missing.value.code) == ("model", "not_found")
    assert wrong.value.param == "n"


def test_openai_raises_for_a_stream_that_breaks_off(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.scripted(Script(dies_after=2))
    stream = client.chat.completions.create(model="first", messages=QUESTION, stream=True)
    chunks = iter(stream)

    told = [next(chunks).choices[0].delta.content for _ in range(3)]
    with pytest.raises(openai.APIError, match="broke off"):
        next(chunks)

    assert told == ["", "The ", "owl "]


def test_langchain_asks_and_reads_a_stream(gateway: Gateway) -> None:
    chat = ChatOpenAI(base_url=f"{gateway.url}/partners/v1", api_key=SecretStr("key"), model="first", max_retries=0)

    answer = chat.invoke([("system", "Be brief."), ("human", "What do owls do?")])
    chunks = list(chat.stream("What do owls do?"))

    assert answer.content == ANSWER
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == 12
    assert "".join(str(chunk.content) for chunk in chunks) == ANSWER


def test_plain_http_reads_a_stream_line_by_line(gateway: Gateway) -> None:
    body = b'{"model": "first", "prompt": "x", "stream": true}'
    request = urllib.request.Request(
        f"{gateway.url}/v1/generate", body, {"Content-Type": "application/json", "Expect": "100-continue"}
    )
    with urllib.request.urlopen(request) as response:
        lines = [line.decode().rstrip() for line in response]

    assert lines[:3] == ["event: delta", 'data: {"text": "The "}', ""]
    assert lines[-3] == "event: done"


def test_many_clients_are_answered_at_once(gateway: Gateway, upstream: Upstream) -> None:
    async def all_are_there() -> None:
        while len(upstream.asked) < 20:
            await asyncio.sleep(0.002)

    upstream.scripted(Script(gate=all_are_there))
    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(lambda number: gateway.chat(stream=number % 2 == 0), range(20)))

    assert [reply.status for reply in replies] == [200] * 20
