"""What is said to a model: the turns of a conversation, and how the task is put. It needs nothing else from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """One message of a conversation."""

    role: str
    content: str


def task_prompt(instruction: str, text: str) -> str:
    """Put the task's instruction before a text, exactly as curated records have it."""
    return f"{instruction}\n\n{text}"
