"""What a client asks the deployed API for a curated record, so that the model sees the prompt it was measured with.

`/v1/summarize` takes the bare text: the gateway puts the instruction before it, shows a few-shot target's examples
first, and lets the extractive baseline pick a sentence. `/v1/generate` passes a prompt on as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdk_app.settings import Task
from twin.run.api import ProbeFailed

SUMMARIZE = "/v1/summarize"
GENERATE = "/v1/generate"


def route(task: Task, target: Mapping[str, Any]) -> str:
    """Return the path on which the approved target does the task."""
    needs_the_gateway = target["kind"] == "extractive" or target.get("strategy") == "few-shot"
    return SUMMARIZE if task.kind == "summarization" or needs_the_gateway else GENERATE


def body(task: Task, target: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """Return what is posted to the route for a curated record.

    Args:
        task: what the model was chosen or tuned for.
        target: the approved target, as the gateway reads it.
        prompt: the user's turn of the record: the instruction, an empty line, the text.

    Raises:
        ProbeFailed: the prompt begins with another instruction than the gateway would put there.
    """
    if route(task, target) == GENERATE:
        return {"prompt": prompt, "temperature": 0}
    instruction = f"{task.instruction}\n\n"
    if not prompt.startswith(instruction):
        raise ProbeFailed(f"The gateway's instruction is {task.instruction!r}, the record has {prompt[:200]!r}.")
    return {"text": prompt.removeprefix(instruction), "temperature": 0}
