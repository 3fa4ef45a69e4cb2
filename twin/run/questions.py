"""What a client asks the deployed API for a curated record, so that the model sees the prompt it was measured with.

`/v1/summarize` takes the bare text: the gateway puts the instruction before it, shows a few-shot target's examples
first, and lets the extractive baseline pick a sentence. `/v1/generate` passes a prompt on as it is; so it takes the
user's last turn of a conversation, which was curated without the instruction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdk_app.settings import Settings, Task
from twin.run.api import ProbeFailed

SUMMARIZE = "/v1/summarize"
GENERATE = "/v1/generate"


def is_conversation(task: Task, record: Mapping[str, Any]) -> bool:
    """Whether a curated record was a conversation before: these have no instruction before what the user says."""
    messages = record["messages"]
    return len(messages) != 2 or not str(messages[0]["content"]).startswith(f"{task.instruction}\n\n")


def conversations_among(settings: Settings, records: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Say of each record whether it was a conversation before.

    Columns that are named say what the records were; else the records show it. Of preference pairs each shows it for
    itself: the columns of a text and its answers may hold turns.
    """
    told = settings.data.columns
    if told and told.messages:
        return [True] * len(records)
    shown = [is_conversation(settings.task, record) for record in records]
    if told.rejected if told else any(record.get("rejected") for record in records):
        return shown
    return [not told and any(shown)] * len(records)


def route(task: Task, target: Mapping[str, Any], conversation: bool = False) -> str:
    """Return the path on which the approved target does the task."""
    needs_the_gateway = target["kind"] == "extractive" or target.get("strategy") == "few-shot"
    if needs_the_gateway or (task.kind == "summarization" and not conversation):
        return SUMMARIZE
    return GENERATE


def body(task: Task, target: Mapping[str, Any], prompt: str, conversation: bool = False) -> dict[str, Any]:
    """Return what is posted to the route for a curated record.

    Args:
        task: what the model was chosen or tuned for.
        target: the approved target, as the gateway reads it.
        prompt: the user's last turn of the record: the instruction, an empty line, the text; of a conversation, the
            turn as it is.
        conversation: whether the record is one.

    Raises:
        ProbeFailed: the prompt begins with another instruction than the gateway would put there.
    """
    if route(task, target, conversation) == GENERATE:
        return {"prompt": prompt}
    instruction = f"{task.instruction}\n\n"
    if not conversation and not prompt.startswith(instruction):
        raise ProbeFailed(f"The gateway's instruction is {task.instruction!r}, the record has {prompt[:200]!r}.")
    return {"text": prompt.removeprefix(instruction)}
