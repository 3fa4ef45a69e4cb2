"""LangChain's chat models: OpenAI's against the partners' root, Bedrock's against bedrock-runtime itself."""

from __future__ import annotations

import pytest
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.twin.gateway_clients.deployed import IMPORTED, SCRIPTED, SCRIPTED_IMPORT, SMOLLM2, Deployed

QUESTION = [("system", "Be brief."), ("human", "What do owls hunt?")]


def chat_openai(deployed: Deployed, model: str) -> ChatOpenAI:
    return ChatOpenAI(
        base_url=f"{deployed.url}/partners/v1",
        api_key=SecretStr(deployed.key),
        model=model,
        max_retries=0,
        stream_usage=True,  # of which it asks no address but OpenAI's by itself
    )


def chat_bedrock(deployed: Deployed, model: str) -> ChatBedrockConverse:
    return ChatBedrockConverse(client=deployed.aws("bedrock-runtime"), model=model, provider="meta", max_tokens=8)


@pytest.fixture(params=["openai", "bedrock"])
def chat(request: pytest.FixtureRequest, deployed: Deployed) -> BaseChatModel:
    """Each of them with the model that has real weights."""
    if request.param == "openai":
        return chat_openai(deployed, "approved")
    return chat_bedrock(deployed, SMOLLM2)


@pytest.fixture(params=["openai", "bedrock"])
def scripted_chat(request: pytest.FixtureRequest, deployed: Deployed) -> BaseChatModel:
    """Each of them with the scripted model."""
    if request.param == "openai":
        return chat_openai(deployed, SCRIPTED)
    return chat_bedrock(deployed, f"{IMPORTED}/{SCRIPTED_IMPORT}")


def test_it_gets_an_answer_with_what_it_took(chat: BaseChatModel) -> None:
    answer = chat.invoke(QUESTION, max_tokens=8)
    assert answer.text
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] == 8


def test_it_reads_a_stream(chat: BaseChatModel) -> None:
    chunks = list(chat.stream(QUESTION, max_tokens=8))
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] == 8


def test_it_has_each_piece_before_the_model_has_written_the_next(
    deployed: Deployed, scripted_chat: BaseChatModel
) -> None:
    model = deployed.write("Mice", " and", " voles.")
    told: list[str] = []
    for chunk in scripted_chat.stream(QUESTION):
        if chunk.text:
            told.append(chunk.text)
            assert model.made == told
            model.allow(1)
    assert told == model.tokens
