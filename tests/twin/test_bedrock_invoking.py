"""InvokeModel in the bodies of each family, its streams, and CountTokens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.conversations import EMBEDDING, QUESTION, TEXT, converse, invoke, refusal
from tests.twin.helpers import allow, user_client
from twin.emulator import Emulator

NOVA = "amazon.nova-micro-v1:0"
ASKED: Any = {
    "schemaVersion": "messages-v1",
    "messages": [{"role": "user", "content": [{"text": QUESTION}]}],
    "inferenceConfig": {"maxTokens": 8, "temperature": 0},
}
CONTINUED: Any = {"prompt": "The capital of France is", "max_gen_len": 8, "temperature": 0}


@pytest.fixture(scope="module")
def bedrock(emulator: Emulator) -> Any:
    return emulator.client("bedrock-runtime")


def chunks(bedrock: Any, model: str, **body: Any) -> list[Any]:
    answer = bedrock.invoke_model_with_response_stream(modelId=model, body=json.dumps(body))
    assert answer["contentType"] == "application/json"
    return [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]


def counted(bedrock: Any, model: str, **given: Any) -> int:
    return int(bedrock.count_tokens(modelId=model, input=given)["inputTokens"])


def test_a_stream_of_llamas_body_gives_the_same_text_in_pieces(bedrock: Any) -> None:
    whole, pieces = invoke(bedrock, TEXT, **CONTINUED), chunks(bedrock, TEXT, **CONTINUED)
    assert "".join(piece["generation"] for piece in pieces) == whole["generation"]
    assert len(pieces) > 2
    metrics = pieces[-1].pop("amazon-bedrock-invocationMetrics")
    assert pieces[-1] == {**whole, "generation": ""}
    assert (metrics["inputTokenCount"], metrics["outputTokenCount"]) == (5, 8)
    assert 0 <= metrics["firstByteLatency"] <= metrics["invocationLatency"]


def test_nova_is_invoked_with_its_own_body_and_answers_as_to_converse(bedrock: Any) -> None:
    answer = invoke(bedrock, NOVA, **ASKED)
    said = converse(bedrock, inferenceConfig={"maxTokens": 8})
    assert answer == {key: said[key] for key in ("output", "stopReason", "usage")}


def test_a_stream_of_novas_body_has_converse_streams_events(bedrock: Any) -> None:
    found = chunks(bedrock, NOVA, **ASKED)
    assert [next(iter(chunk)) for chunk in found if "contentBlockDelta" not in chunk] == [
        "messageStart",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    text = "".join(chunk["contentBlockDelta"]["delta"]["text"] for chunk in found if "contentBlockDelta" in chunk)
    assert text == invoke(bedrock, NOVA, **ASKED)["output"]["message"]["content"][0]["text"]
    assert "amazon-bedrock-invocationMetrics" in found[-1]


@pytest.mark.parametrize(
    ("model", "body", "problem"),
    [
        (NOVA, CONTINUED, "#: extraneous key [prompt] is not permitted"),
        (NOVA, {**ASKED, "schemaVersion": "messages-v2"}, '#/schemaVersion: only "messages-v1" is supported'),
        (NOVA, {**ASKED, "inferenceConfig": {"topK": 3}}, "Unknown parameter 'topK'"),
        (TEXT, ASKED, "#: extraneous key [schemaVersion] is not permitted"),
    ],
)
def test_the_body_of_another_family_is_refused(bedrock: Any, model: str, body: Any, problem: str) -> None:
    assert problem in refusal(lambda: invoke(bedrock, model, **body))
    assert problem in refusal(lambda: chunks(bedrock, model, **body))


def test_embeddings_have_no_stream(bedrock: Any) -> None:
    assert "unsupported for streaming" in refusal(lambda: chunks(bedrock, EMBEDDING, inputText="x"))


def test_streaming_needs_a_permission_of_its_own(emulator: Emulator) -> None:
    asking = user_client(emulator, "bedrock-runtime", allow("bedrock:InvokeModel", TEXT))
    expected = f"not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: {TEXT}"
    assert expected in refusal(lambda: chunks(asking, TEXT, **CONTINUED))


def test_tokens_are_counted_as_the_answer_counts_them(bedrock: Any) -> None:
    asked = {"messages": [{"role": "user", "content": [{"text": QUESTION}]}], "system": [{"text": "Be brief."}]}
    answer = converse(bedrock, system=asked["system"], inferenceConfig={"maxTokens": 1})
    assert counted(bedrock, TEXT, converse=asked) == answer["usage"]["inputTokens"]
    body = {"body": json.dumps(CONTINUED)}
    assert counted(bedrock, TEXT, invokeModel=body) == invoke(bedrock, TEXT, **CONTINUED)["prompt_token_count"]
    body = {"body": json.dumps(ASKED)}
    assert counted(bedrock, NOVA, invokeModel=body) == counted(bedrock, TEXT, converse={"messages": ASKED["messages"]})


@pytest.mark.parametrize(
    ("model", "given", "problem"),
    [
        (TEXT, {"converse": {"messages": []}}, "must start with a user message"),
        (TEXT, {"invokeModel": {"body": "{}"}}, "required key [prompt] not found"),
        (EMBEDDING, {"invokeModel": {"body": '{"inputText": "x"}'}}, "doesn't support counting tokens"),
    ],
)
def test_what_would_not_be_answered_is_not_counted(bedrock: Any, model: str, given: Any, problem: str) -> None:
    assert problem in refusal(lambda: counted(bedrock, model, **given))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"invokeModel": {"body": "é"}}, "The body at 'input.invokeModel' is not base64"),
        ({"invokeModel": {"body": 3}}, "The body at 'input.invokeModel' is not base64"),
        ({}, "Member must have exactly one of: invokeModel, converse"),
        ({"converse": None}, "Member must have exactly one of: invokeModel, converse"),
        ({"converse": {"messages": [{"role": "user", "content": [{}]}]}}, "Member must have exactly one of: text"),
    ],
)
def test_a_body_that_no_client_of_aws_sends_is_not_counted(emulator: Emulator, given: Any, problem: str) -> None:
    def put(params: Any, **_: Any) -> None:
        params["body"] = json.dumps({"input": given}, ensure_ascii=False).encode()

    client = emulator.client("bedrock-runtime")
    client.meta.events.register("before-call", put)
    found = refusal(lambda: counted(client, TEXT, converse={"messages": ASKED["messages"]}))
    assert found.startswith("ValidationException: ")
    assert problem in found


def test_counting_needs_the_permission_on_the_model(emulator: Emulator) -> None:
    given = {"invokeModel": {"body": json.dumps(CONTINUED)}}
    counting = user_client(emulator, "bedrock-runtime", allow("bedrock:CountTokens", TEXT))
    assert counted(counting, TEXT, **given) == 5
    asking = user_client(emulator, "bedrock-runtime", allow("bedrock:InvokeModel", TEXT))
    expected = f"not authorized to perform: bedrock:CountTokens on resource: {TEXT}"
    assert expected in refusal(lambda: counted(asking, TEXT, **given))
