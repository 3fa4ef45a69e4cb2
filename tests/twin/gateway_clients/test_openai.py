"""OpenAI's own package against the partners' root: nothing of it is told but address and key."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests.twin.gateway_clients.deployed import EMBEDDER, PRICED, SCRIPTED, Deployed

QUESTION: Any = [{"role": "user", "content": "What do owls hunt?"}]


@pytest.fixture
def client(deployed: Deployed) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{deployed.url}/partners/v1", api_key=deployed.key, max_retries=0)


def test_it_lists_the_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["approved", SCRIPTED, PRICED, EMBEDDER]


def test_it_gets_an_answer_of_the_approved_model(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="approved", messages=QUESTION, max_tokens=8, temperature=0)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "length"
    assert answer.model == "approved"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 8


def test_each_chunk_arrives_before_the_model_has_written_the_next_token(
    deployed: Deployed, client: openai.OpenAI
) -> None:
    model = deployed.write("Mice", " and", " voles.")
    stream = client.chat.completions.create(
        model=SCRIPTED, messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = iter(stream)
    assert next(chunks).choices[0].delta.role == "assistant"
    for number, token in enumerate(model.tokens, start=1):
        assert next(chunks).choices[0].delta.content == token
        assert model.made == model.tokens[:number]
        model.allow(1)
    last, usage = chunks
    assert last.choices[0].finish_reason == "stop"
    assert usage.usage is not None
    assert usage.usage.completion_tokens == 3


def test_the_approved_model_streams_as_well(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model="approved", messages=QUESTION, max_tokens=8, stream=True)
    texts = [chunk.choices[0].delta.content for chunk in stream if chunk.choices[0].delta.content]
    assert len(texts) > 1


def test_several_clients_are_answered_at_once(deployed: Deployed, client: openai.OpenAI) -> None:
    def told(number: int) -> str:
        asked: Any = [{"role": "user", "content": f"Say the number {number}."}]
        stream = client.chat.completions.create(model="approved", messages=asked, max_tokens=4, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(told, range(8)))


def test_it_gets_embeddings_that_tell_what_is_alike(client: openai.OpenAI) -> None:
    texts = ["An owl hunts at night.", "Owls are nocturnal hunters.", "The invoice is due on Monday."]
    owl, owls, invoice = (one.embedding for one in client.embeddings.create(model=EMBEDDER, input=texts).data)
    assert len(owl) == 384
    assert dot(owl, owls) > dot(owl, invoice)


def dot(left: list[float], right: list[float]) -> float:
    return sum(one * other for one, other in zip(left, right, strict=True))


def test_it_raises_its_own_errors_for_what_the_gateway_refuses(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'gpt'"):
        client.chat.completions.create(model="gpt", messages=QUESTION)
    with pytest.raises(openai.BadRequestError) as wrong:
        client.chat.completions.create(model="approved", messages=QUESTION, n=2)
    assert wrong.value.param == "n"


def test_its_asynchronous_client_reads_a_stream_too(deployed: Deployed) -> None:
    deployed.write("Mice", " and", " voles.", now=3)

    async def asked() -> str:
        async with openai.AsyncOpenAI(base_url=f"{deployed.url}/partners/v1", api_key=deployed.key) as client:
            stream = await client.chat.completions.create(model=SCRIPTED, messages=QUESTION, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert asyncio.run(asked()) == "Mice and voles."
