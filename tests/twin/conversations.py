"""A question, how it is put to models on Bedrock, and how a guardrail is applied to a text by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

IMPORTED = "arn:aws:bedrock:us-east-1:000000000000:imported-model"

TEXT, EMBEDDING = f"{IMPORTED}/smollm2q41v1", f"{IMPORTED}/minilml6v2q1"

QUESTION = "What is the capital of France? Answer in one word."


def converse(bedrock: Any, text: str = QUESTION, **request: Any) -> Any:
    settings = {"temperature": 0, "maxTokens": 24, **request.pop("inferenceConfig", {})}
    given = {"modelId": TEXT, "messages": [{"role": "user", "content": [{"text": text}]}], **request}
    return bedrock.converse(**given, inferenceConfig=settings)


def invoke(bedrock: Any, model: str, **body: Any) -> Any:
    return json.loads(bedrock.invoke_model(modelId=model, body=json.dumps(body))["body"].read())


def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as error:
        call()
    return f"{error.value.response['Error']['Code']}: {error.value.response['Error']['Message']}"


def applied(runtime: Any, identifier: str, *texts: str, source: str = "INPUT", version: str = "DRAFT") -> Any:
    content = [{"text": {"text": text}} for text in texts]
    named = {"guardrailIdentifier": identifier, "guardrailVersion": version}
    return runtime.apply_guardrail(**named, source=source, content=content)
