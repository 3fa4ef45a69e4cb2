"""The chat completion that both servers are asked for: greedy, and of a fixed number of tokens."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.inference.load import Counted


def request(prompt: str, tokens: int) -> bytes:
    """Return the body of a request for exactly so many tokens."""
    messages = [{"role": "user", "content": prompt}]
    asked = {"messages": messages, "max_tokens": tokens, "temperature": 0, "ignore_eos": True}
    return json.dumps(asked).encode()


def counted(answer: Any, tokens: int) -> Counted:
    """Return the tokens of an answer; one with another number of them would not be the same work."""
    usage = answer["usage"]
    if usage["completion_tokens"] != tokens:
        raise ValueError(f"A server made {usage['completion_tokens']} tokens where {tokens} were asked for: {answer}")
    cached = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    return Counted(tokens, usage["prompt_tokens"], usage["prompt_tokens"] - cached)
