"""What travels between the parts of the gateway: who asks, what is asked, and what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from lambdas.shared.turns import Turn

__all__ = ["APPROVED", "Caller", "Parameters", "Question", "Turn", "Usage", "Written", "reckoned"]

APPROVED = "approved"
"""Name of the workflow's approved model; a request that names no model asks this one."""
CHARACTERS_PER_TOKEN = 4
NANO = 10**9
"""Costs are counted in billionths of a dollar, whose sums are exact."""


@dataclass(frozen=True)
class Caller:
    """Who asks, as API Gateway established it; what is kept for one caller is never shown to another.

    Attributes:
        id: ``user:<sub>``, ``service:<ARN of role or user>``, ``partner:<id of the API key>`` or ``open``.
    """

    id: str
    kind: Literal["user", "service", "partner", "open"]


@dataclass(frozen=True)
class Parameters:
    """How the model is to write; None leaves a parameter to the model.

    Attributes:
        max_tokens: most tokens to write.
        temperature: 0 for the likeliest answer.
        top_p: share of probability to choose from, above 0 and at most 1.
        stop: texts that end the answer, at most four.
        seed: for models that take one.
        likeliest: whether to write what is likeliest where no temperature is given, if the model takes one.
    """

    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    likeliest: bool = False


@dataclass(frozen=True)
class Question:
    """A conversation that a model is asked to go on with; its last turn is the user's."""

    model: str
    turns: tuple[Turn, ...]
    parameters: Parameters


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer, as the model's service counts them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Give the tokens of both."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )


@dataclass(frozen=True)
class Written:
    """A whole answer.

    Attributes:
        text: what the model wrote.
        finish: ``stop``, ``length`` (the token limit) or ``filtered``.
        model: name of the model that answered, which after a fallback is not the one that was asked.
    """

    text: str
    finish: str
    model: str
    usage: Usage = field(default_factory=Usage)


def reckoned(turns: Sequence[Turn], written: int) -> Usage:
    """Give what an answer took whose own count never came: a token for four characters that were asked."""
    return Usage(sum(len(turn.content) for turn in turns) // CHARACTERS_PER_TOKEN, written)
