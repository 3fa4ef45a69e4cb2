"""Converse: a conversation in, the model's next message out."""

from __future__ import annotations

import itertools
import time
from typing import Any

from twin.bedrock.checking import check_shape
from twin.bedrock.generation import (
    DEFAULT_TEMPERATURE,
    DEFAULT_TOKENS,
    DEFAULT_TOP_P,
    Generated,
    Sampling,
    chat_prompt,
    generate,
)
from twin.emulator.hooks import Json, ServiceError
from twin.support import ANY, unsupported
from twin.weights.imported import LocalModel

_HONOURED = {
    "messages": {"role": ANY, "content": {"text": ANY}},
    "system": {"text": ANY},
    "inferenceConfig": {"maxTokens": ANY, "temperature": ANY, "topP": ANY, "stopSequences": ANY},
    "requestMetadata": ANY,
    "performanceConfig": {"latency": frozenset({"standard"})},
}
STOP_REASONS = {"eos": "end_turn", "limit": "max_tokens", "word": "stop_sequence"}


def converse(model: LocalModel, request: Json) -> Json:
    """Answer a Converse request, which has been checked."""
    began = time.monotonic()
    made = generate(model, prompt_of(model, request), sampling_of(request))
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": made.text}]}},
        "stopReason": STOP_REASONS[made.ended],
        "usage": usage(made),
        "metrics": {"latencyMs": milliseconds_since(began)},
    }


def usage(made: Generated) -> Json:
    """Tokens read and written."""
    total = made.input_tokens + made.output_tokens
    return {"inputTokens": made.input_tokens, "outputTokens": made.output_tokens, "totalTokens": total}


def milliseconds_since(began: float) -> int:
    """Whole milliseconds since a reading of the monotonic clock."""
    return round((time.monotonic() - began) * 1000)


def prompt_of(model: LocalModel, request: Json) -> str:
    """The conversation as the model's prompt."""
    system = "\n".join(block["text"] for block in request.get("system") or ())
    turns = [
        {"role": message["role"], "content": "".join(block["text"] for block in message["content"])}
        for message in request["messages"]
    ]
    return chat_prompt(model, [{"role": "system", "content": system}, *turns] if system else turns)


def sampling_of(request: Json) -> Sampling:
    """The request's inference parameters, with Bedrock's defaults."""
    given = request.get("inferenceConfig") or {}
    return Sampling(
        given.get("maxTokens", DEFAULT_TOKENS),
        given.get("temperature", DEFAULT_TEMPERATURE),
        given.get("topP", DEFAULT_TOP_P),
        tuple(given.get("stopSequences") or ()),
    )


def check(model: LocalModel, request: Json) -> None:
    """Raise ValidationException for a request that is malformed, or asks for what the model cannot do."""
    check_shape("Converse", {"modelId": "in-the-path", **request})
    if model.kind != "text":
        raise ServiceError("ValidationException", "This action doesn't support the model that you provided.")
    if refused := list(unsupported(_HONOURED, request)):
        raise ServiceError("ValidationException", " ".join(refused))
    _check_turns(request.get("messages") or [])


def _check_turns(messages: list[dict[str, Any]]) -> None:
    if not messages or messages[0]["role"] != "user":
        raise ServiceError(
            "ValidationException",
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message.",
        )
    roles = [message["role"] for message in messages]
    if any(first == second for first, second in itertools.pairwise(roles)):
        raise ServiceError(
            "ValidationException",
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
            "between user and assistant roles and try again.",
        )
    if roles[-1] != "user":
        raise ServiceError("ValidationException", "The conversation must end with a user message.")
    if not all(block["text"].strip() for message in messages for block in message["content"]):
        raise ServiceError("ValidationException", "The text field in the ContentBlock object is blank.")
