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
from twin.bedrock.guarding import Guard, text_holder, texts_of
from twin.bedrock.tool_messages import check_tools
from twin.emulator.hooks import Json, ServiceError
from twin.support import ANY, unsupported
from twin.weights.imported import LocalModel

_GUARDED = {"text": {"text": ANY, "qualifiers": ANY}}
_TOOL_BLOCKS = {
    "toolUse": {"toolUseId": ANY, "name": ANY, "input": ANY},
    "toolResult": {"toolUseId": ANY, "content": {"text": ANY, "json": ANY}, "status": ANY},
}
_TOOLS = {
    "tools": {"toolSpec": {"name": ANY, "description": ANY, "inputSchema": ANY}},
    "toolChoice": {"auto": ANY, "any": ANY, "tool": ANY},
}
_HONOURED = {
    "toolConfig": _TOOLS,
    "messages": {"role": ANY, "content": {"text": ANY, "guardContent": _GUARDED, **_TOOL_BLOCKS}},
    "system": {"text": ANY, "guardContent": _GUARDED},
    "inferenceConfig": {"maxTokens": ANY, "temperature": ANY, "topP": ANY, "stopSequences": ANY},
    "requestMetadata": ANY,
    "guardrailConfig": {
        "guardrailIdentifier": ANY,
        "guardrailVersion": ANY,
        "trace": frozenset({"enabled", "disabled"}),
        "streamProcessingMode": frozenset({"sync"}),
    },
    "performanceConfig": {"latency": frozenset({"standard"})},
}
INTERVENED = "guardrail_intervened"
# What a model has made that was not asked.
NOTHING = Generated("", 0, 0, "eos")
STOP_REASONS = {"eos": "end_turn", "limit": "max_tokens", "word": "stop_sequence"}


def converse(model: LocalModel, request: Json, guard: Guard | None = None) -> Json:
    """Answer a Converse request, which has been checked."""
    began = time.monotonic()
    screened = guard.screen_input(request) if guard else request
    if guard and screened is None:
        text, made = guard.blocked_input, NOTHING
    else:
        made = generate(model, prompt_of(model, screened or request), sampling_of(request))
        text = guard.screen_output(made.text) if guard else made.text
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": INTERVENED if guard and guard.intervened else STOP_REASONS[made.ended],
        "usage": usage(made),
        "metrics": {"latencyMs": milliseconds_since(began)},
        **({"trace": guard.trace} if guard and guard.trace else {}),
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
    system = "\n".join(text_holder(block)["text"] for block in request.get("system") or ())
    turns = [
        {"role": message["role"], "content": "".join(text_holder(block)["text"] for block in texts_of(message))}
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


def check(model: LocalModel, request: Json, operation: str = "Converse") -> None:
    """Raise ValidationException for a request that is malformed, or asks for what the model cannot do."""
    check_shape(operation, {"modelId": "in-the-path", **request})
    if model.kind != "text":
        raise ServiceError("ValidationException", "This action doesn't support the model that you provided.")
    if refused := list(unsupported(_HONOURED, request)):
        raise ServiceError("ValidationException", " ".join(refused))
    _check_turns(request.get("messages") or [])
    check_tools(model, request, operation)


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
    if not all(text_holder(block)["text"].strip() for message in messages for block in texts_of(message)):
        raise ServiceError("ValidationException", "The text field in the ContentBlock object is blank.")
