"""Section `task`: what the model is asked to do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.settings.section import Section


class Task(Section):
    """What the model is asked to do with each record."""

    kind: Literal["summarization", "generation", "classification", "question_answering"] = "summarization"
    """Kind of task: `summarization` shortens the text column, `generation` answers it, `classification` gives it one \
of the labels that the target column has, `question_answering` answers it in the words of the target."""

    instruction: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
    """Instruction put before every text, in training, in evaluation and in the gateway alike."""
