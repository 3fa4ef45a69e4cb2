"""``POST /v1/summarize``, ``/v1/generate`` and ``/v1/classify``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.gateway.bodies.checking import Body, Check
from lambdas.gateway.bodies.fields import Text, Texts
from lambdas.gateway.bodies.messages import Messages
from lambdas.gateway.bodies.sampling import CACHE, MODEL, STREAM, free_tokens, sampling, task_tokens
from lambdas.shared.turns import Turn

MOST_LABELS, LONGEST_LABEL = 200, 100
LABELS = Texts(
    "labels",
    "What the text may be; the deployed task's own labels where it is a classification and none are given.",
    most=MOST_LABELS, least=2, longest=LONGEST_LABEL, counts=True,
)  # fmt: skip
SUMMARIZE = Body(
    "SummarizeRequest", Text("text", "The text to summarize."), MODEL, *sampling(task_tokens), STREAM, CACHE
)
CLASSIFY = Body("ClassifyRequest", Text("text", "The text to classify."), LABELS, MODEL, *sampling(task_tokens), CACHE)
GENERATE = Body(
    "GenerateRequest",
    Text("prompt", "What to answer; or give `messages`.", required=False),
    Messages(),
    MODEL,
    *sampling(free_tokens),
    STREAM,
    CACHE,
)


def turns_of(body: Mapping[str, object], values: Mapping[str, Any], check: Check) -> tuple[Turn, ...]:
    """Give the conversation of a generate request, which has it in one of two ways."""
    if ("prompt" in body) == ("messages" in body):
        check.wrong("", "give either 'prompt' or 'messages'")
        return ()
    return (Turn("user", values["prompt"]),) if "prompt" in body else values["messages"]
