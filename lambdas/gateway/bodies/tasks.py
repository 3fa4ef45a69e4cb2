"""``POST /v1/summarize`` and ``POST /v1/generate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.gateway.bodies.checking import Body, Check
from lambdas.gateway.bodies.fields import Text
from lambdas.gateway.bodies.messages import Messages
from lambdas.gateway.bodies.sampling import FOURFOLD, MODEL, STREAM, sampling
from lambdas.shared.turns import Turn

SUMMARIZE = Body("SummarizeRequest", Text("text", "The text to summarize."), MODEL, *sampling(), STREAM, FOURFOLD)
GENERATE = Body(
    "GenerateRequest",
    Text("prompt", "What to answer; or give `messages`.", required=False),
    Messages(),
    MODEL,
    *sampling(),
    STREAM,
    FOURFOLD,
)


def turns_of(body: Mapping[str, object], values: Mapping[str, Any], check: Check) -> tuple[Turn, ...]:
    """Give the conversation of a generate request, which has it in one of two ways."""
    if ("prompt" in body) == ("messages" in body):
        check.wrong("", "give either 'prompt' or 'messages'")
        return ()
    return (Turn("user", values["prompt"]),) if "prompt" in body else values["messages"]
