"""Bedrock's Converse call: one request, one checked answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.shared.errors import ServiceCallFailed
from lambdas.shared.prompts import Turn

FINISHES = {"max_tokens": "length", "content_filtered": "filtered", "guardrail_intervened": "filtered"}


@dataclass(frozen=True)
class Answer:
    """What a model wrote, with what it took.

    Attributes:
        finish: why it stopped writing: ``stop``, ``length`` (the token limit) or ``filtered``.
        seconds: from sending the request to having the answer, as the caller sees it.
    """

    text: str
    input_tokens: int
    output_tokens: int
    seconds: float
    finish: str = "stop"


def converse(
    client: Any, model_id: str, turns: Sequence[Turn], *, max_tokens: int, temperature: float | None
) -> Answer:
    """Ask a Bedrock model and give its answer.

    Args:
        client: a ``bedrock-runtime`` client.
        model_id: model, inference profile or imported model.
        turns: the conversation; system turns go where Converse wants them.
        max_tokens: most tokens to write.
        temperature: 0 for the likeliest answer; None for a model that refuses to be told one.

    Raises:
        botocore.exceptions.ClientError: the service refused the request.
        ServiceCallFailed: the answer lacks text or usage.
    """
    request: dict[str, object] = {
        "modelId": model_id,
        "messages": [
            {"role": turn.role, "content": [{"text": turn.content}]} for turn in turns if turn.role != "system"
        ],
        "inferenceConfig": {"maxTokens": max_tokens, **({} if temperature is None else {"temperature": temperature})},
    }
    system = [{"text": turn.content} for turn in turns if turn.role == "system"]
    if system:
        request["system"] = system
    started = time.perf_counter()
    response = client.converse(**request)
    return _answer(response, time.perf_counter() - started)


def _answer(response: dict[str, Any], seconds: float) -> Answer:
    try:
        blocks = response["output"]["message"]["content"]
        usage = response["usage"]
        text = "".join(block["text"] for block in blocks if "text" in block)
        finish = FINISHES.get(str(response.get("stopReason")), "stop")
        return Answer(text.strip(), int(usage["inputTokens"]), int(usage["outputTokens"]), seconds, finish)
    except (KeyError, TypeError, ValueError):
        raise ServiceCallFailed(
            "Converse answered without a message or without usage",
            remedy="Check that the model supports the Converse API.",
        ) from None
