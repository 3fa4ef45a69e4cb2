"""bedrock-runtime answers on real weights, and refuses what it cannot do in Bedrock's words."""

from __future__ import annotations

import json
import math
from functools import partial
from typing import Any

import pytest

from tests.twin.conversations import EMBEDDING, IMPORTED, QUESTION, TEXT, converse, invoke, refusal
from tests.twin.helpers import allow, user_client, wait_until
from twin import events
from twin.emulator import Emulator
from twin.processes import marked


@pytest.fixture(scope="module")
def bedrock(emulator: Emulator) -> Any:
    return emulator.client("bedrock-runtime")


def test_converse_answers_with_text_usage_and_metrics(bedrock: Any) -> None:
    answer = converse(bedrock)
    assert "Paris" in answer["output"]["message"]["content"][0]["text"]
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["inputTokens"] == 42
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert answer["metrics"]["latencyMs"] > 0


def test_the_same_request_has_the_same_usage_from_the_prompt_cache(bedrock: Any) -> None:
    assert converse(bedrock)["usage"] == converse(bedrock)["usage"]


def test_converse_ends_at_the_limit_of_tokens(bedrock: Any) -> None:
    answer = converse(bedrock, "Tell me a long story.", inferenceConfig={"maxTokens": 5})
    assert (answer["stopReason"], answer["usage"]["outputTokens"]) == ("max_tokens", 5)


def test_converse_ends_at_a_stop_sequence(bedrock: Any) -> None:
    whole = converse(bedrock)["output"]["message"]["content"][0]["text"]
    stop = whole[len(whole) // 2 : len(whole) // 2 + 2]
    answer = converse(bedrock, inferenceConfig={"stopSequences": [stop]})
    assert answer["stopReason"] == "stop_sequence"
    assert answer["output"]["message"]["content"][0]["text"] == whole[: whole.index(stop)]


def test_system_prompt_and_earlier_turns_are_part_of_the_prompt(bedrock: Any) -> None:
    def tokens(*texts: str, **request: Any) -> int:
        roles = ("user", "assistant", "user")
        messages = [{"role": role, "content": [{"text": text}]} for role, text in zip(roles, texts, strict=False)]
        answer = converse(bedrock, messages=messages, inferenceConfig={"maxTokens": 1}, **request)
        return int(answer["usage"]["inputTokens"])

    one = tokens("Hello")
    # The template has a system prompt of its own; the caller's takes its place.
    assert tokens("Hello", system=[{"text": "Hi"}]) < one
    assert tokens("Hello", system=[{"text": "word " * 40}]) > one
    # A turn more is its words, its role and the three marks around them.
    assert tokens("Hello", "Hi", "Hello") >= one + 10


def test_converse_stream_gives_the_same_text_in_pieces(bedrock: Any) -> None:
    stream = bedrock.converse_stream(
        modelId=TEXT,
        messages=[{"role": "user", "content": [{"text": QUESTION}]}],
        inferenceConfig={"temperature": 0, "maxTokens": 24},
    )["stream"]
    found = list(stream)
    pieces = [event["contentBlockDelta"]["delta"]["text"] for event in found if "contentBlockDelta" in event]
    answer = converse(bedrock)
    assert "".join(pieces) == answer["output"]["message"]["content"][0]["text"]
    assert len(pieces) > 1
    assert found[-2] == {"messageStop": {"stopReason": "end_turn"}}
    assert found[-1]["metadata"]["usage"] == answer["usage"]


def test_invoke_model_continues_the_prompt_as_it_is(bedrock: Any) -> None:
    answer = invoke(bedrock, TEXT, prompt="The capital of France is", max_gen_len=3, temperature=0)
    assert answer["generation"].startswith(" Paris")
    assert (answer["prompt_token_count"], answer["generation_token_count"]) == (5, 3)
    assert answer["stop_reason"] == "length"


def test_embeddings_of_like_texts_are_alike(bedrock: Any) -> None:
    def embed(text: str) -> list[float]:
        vector: list[float] = invoke(bedrock, EMBEDDING, inputText=text)["embedding"]
        return vector

    cat, kitten, tax = embed("a cat sleeps"), embed("a kitten is asleep"), embed("the tax on income rose")
    assert len(cat) == 384
    assert math.isclose(math.hypot(*cat), 1, abs_tol=1e-4)
    assert sum(a * b for a, b in zip(cat, kitten, strict=True)) > 0.5
    assert sum(a * b for a, b in zip(cat, tax, strict=True)) < 0.3


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("amazon.nova-pro-v1:0", "ResourceNotFoundException: Could not resolve the foundation model from"),
        (f"{IMPORTED}/abcdefghijkl", "ResourceNotFoundException: Could not resolve"),
        (TEXT.replace("000000000000", "111122223333"), "ResourceNotFoundException: Could not resolve"),
        ("smollm2q41v1", "ValidationException: The provided model identifier is invalid."),
    ],
)
def test_a_model_that_is_not_served_is_refused(bedrock: Any, model: str, error: str) -> None:
    assert refusal(lambda: converse(bedrock, modelId=model)).startswith(error)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"prompt": "x", "top_k": 3}, "#: extraneous key [top_k] is not permitted"),
        ({"max_gen_len": 3}, "#: required key [prompt] not found"),
        ({"prompt": 3}, "#/prompt: expected type: String, found: Integer"),
        ({"prompt": "x", "max_gen_len": "3"}, "#/max_gen_len: expected type: Integer, found: String"),
        ({"prompt": "x", "temperature": 1.5}, "#/temperature: 1.5 is not less or equal to 1"),
        ({"prompt": "x", "max_gen_len": 0}, "#/max_gen_len: 0 is not greater or equal to 1"),
        ({"prompt": "x", "temperature": True}, "#/temperature: expected type: Number, found: Boolean"),
    ],
)
def test_a_malformed_body_is_refused(bedrock: Any, body: dict[str, Any], problem: str) -> None:
    expected = f"ValidationException: Malformed input request: {problem}, please reformat your input and try again."
    assert refusal(lambda: invoke(bedrock, TEXT, **body)) == expected


def test_a_size_of_embedding_that_the_model_has_not_is_refused(bedrock: Any) -> None:
    assert "256 is not supported, only 384" in refusal(
        lambda: invoke(bedrock, EMBEDDING, inputText="x", dimensions=256)
    )


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"messages": [{"role": "assistant", "content": [{"text": "x"}]}]}, "must start with a user message"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}] * 2}, "must alternate between user and assistant"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "is blank"),
        (
            {"toolConfig": {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {}}}}]}},
            "doesn't support tool use.",
        ),
        ({"guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"}}, "does not exist"),
        ({"inferenceConfig": {"topP": 2}}, "'inferenceConfig.topP' failed to satisfy constraint"),
        ({"modelId": EMBEDDING}, "This action doesn't support the model that you provided."),
    ],
)
def test_a_conversation_that_cannot_be_had_is_refused(bedrock: Any, request_: dict[str, Any], problem: str) -> None:
    found = refusal(lambda: converse(bedrock, **request_))
    assert found.startswith("ValidationException: ")
    assert problem in found


def sending(emulator: Emulator, document: dict[str, Any]) -> Any:
    """A client that sends this, whatever it is asked for, as one that is not AWS's own can."""

    def put(params: Any, **_: Any) -> None:
        params["body"] = json.dumps(document).encode()

    client = emulator.client("bedrock-runtime")
    client.meta.events.register("before-call", put)
    return client


@pytest.mark.parametrize("block", [{}, {"text": None}, {"text": "a", "cachePoint": {"type": "default"}}])
def test_a_block_of_nothing_or_of_two_things_is_refused_whoever_sends_it(emulator: Emulator, block: Any) -> None:
    client = sending(emulator, {"messages": [{"role": "user", "content": [block]}]})
    for call in (client.converse, client.converse_stream):
        found = refusal(partial(call, modelId=TEXT))
        assert found.startswith("ValidationException: 1 validation error detected: Value")
        assert "at 'messages.1.member.content.1.member' failed to satisfy constraint: Member must have exactly" in found


def test_what_is_null_is_not_given(emulator: Emulator, bedrock: Any) -> None:
    settings = {"maxTokens": 4, "temperature": 0}
    block = {"text": QUESTION, "image": None, "toolUse": None, "guardContent": None}
    document = {
        "messages": [{"role": "user", "content": [block]}],
        "system": None,
        "toolConfig": None,
        "guardrailConfig": None,
        "inferenceConfig": {**settings, "topP": None, "stopSequences": None},
    }
    client = sending(emulator, document)
    expected = converse(bedrock, QUESTION, inferenceConfig=settings)["output"]
    assert client.converse(modelId=TEXT)["output"] == expected
    streamed = [
        event["contentBlockDelta"]["delta"]["text"]
        for event in client.converse_stream(modelId=TEXT)["stream"]
        if "contentBlockDelta" in event
    ]
    assert "".join(streamed) == expected["message"]["content"][0]["text"]


def test_a_text_that_is_too_long_is_refused(bedrock: Any) -> None:
    too_long = "ValidationException: Input is too long for requested model."
    assert refusal(lambda: converse(bedrock, "word " * 9000)) == too_long
    assert refusal(lambda: invoke(bedrock, EMBEDDING, inputText="word " * 600)) == too_long


def test_asking_needs_the_permission_on_the_model(emulator: Emulator) -> None:
    allowed = user_client(emulator, "bedrock-runtime", allow("bedrock:InvokeModel", TEXT))
    converse(allowed, inferenceConfig={"maxTokens": 1})
    other = user_client(emulator, "bedrock-runtime", allow("bedrock:InvokeModel", EMBEDDING))
    assert f"not authorized to perform: bedrock:InvokeModel on resource: {TEXT}" in refusal(lambda: converse(other))


def test_a_server_that_died_is_started_again(emulator: Emulator, bedrock: Any) -> None:
    converse(bedrock)
    context = str(8192 * 2)
    # A llama-server of one's own has a process that minds it.
    servers = [process for process in marked(emulator.mark) if context in process.cmdline()]
    assert len([process for process in servers if process.parent() not in servers]) == 1
    for process in servers:
        process.kill()

    def answer() -> str:
        try:
            return str(converse(bedrock)["output"]["message"]["content"][0]["text"])
        except bedrock.exceptions.InternalServerException:  # while the process is still going
            return ""

    assert "Paris" in wait_until(answer, bool)
    told = [event for event, _ in events.read(emulator.events_file) if event["id"] == "smollm2q41v1"]
    assert len(told) >= 2
