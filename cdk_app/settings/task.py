"""Section `task`: what the model is asked to do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.settings.section import Section


class Task(Section):
    """What the model is asked to do with each record."""

    kind: Literal["summarization", "generation"] = "summarization"
    """Kind of task: `summarization` shortens the text column, `generation` answers it."""

    instruction: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
    """Instruction put before every text, in training, in evaluation and in the gateway alike."""
