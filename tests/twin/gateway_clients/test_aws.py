"""boto3 against bedrock-runtime itself, under a role that may invoke two models and no other."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.twin.gateway_clients.deployed import IMPORTED, SMOLLM2, Deployed

ASKED: Any = {
    "modelId": SMOLLM2,
    "messages": [{"role": "user", "content": [{"text": "What do owls hunt?"}]}],
    "inferenceConfig": {"maxTokens": 8, "temperature": 0},
}


@pytest.fixture
def client(deployed: Deployed) -> Any:
    return deployed.aws("bedrock-runtime")


def test_converse_and_its_stream_give_the_same_answer(client: Any) -> None:
    whole = client.converse(**ASKED)
    text = whole["output"]["message"]["content"][0]["text"]
    events = list(client.converse_stream(**ASKED)["stream"])
    told = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(told) > 1
    assert "".join(told).strip() == text.strip() != ""
    assert events[-1]["metadata"]["usage"] == whole["usage"]
    assert whole["usage"]["outputTokens"] == 8


def test_invoke_model_takes_the_body_of_the_models_family(client: Any) -> None:
    body = json.dumps({"prompt": "Owls hunt", "max_gen_len": 8, "temperature": 0})
    answer = json.load(client.invoke_model(modelId=SMOLLM2, body=body)["body"])
    assert answer["generation"].strip()
    assert answer["generation_token_count"] == 8


def test_a_model_that_the_role_may_not_invoke_is_denied(client: Any) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: bedrock:InvokeModel") as denied:
        client.converse(**{**ASKED, "modelId": f"{IMPORTED}/minilml6v2q1"})
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"


def test_so_is_a_secret_key_that_is_none(deployed: Deployed) -> None:
    keys = deployed.service
    forged = boto3.Session(keys.access_key, "another-secret", keys.token, region_name="us-east-1")
    client = forged.client("bedrock-runtime", endpoint_url=deployed.emulator.endpoint_url)
    with pytest.raises(ClientError) as denied:
        client.converse(**ASKED)
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
