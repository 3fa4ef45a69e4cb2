"""Bedrock's answers as the evaluation of a candidate gets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Params = Mapping[str, Any]
Evaluate = Callable[[int], dict[str, Any]]
Curated = Callable[..., dict[str, Any]]
PREFIX = "news/run=run-7/"


def converse_answer(text: str, **usage: int) -> dict[str, Any]:
    """An answer of Converse."""
    tokens = {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110} | usage
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": tokens,
        "metrics": {"latencyMs": 5},
    }


def question(params: Params) -> str:
    """What a request asks last."""
    text: str = params["messages"][-1]["content"][0]["text"]
    return text
