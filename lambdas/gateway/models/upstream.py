"""What a model looks like to the routes, whatever serves it: asked for a whole answer, or for one piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from lambdas.gateway.exchange import Parameters, Usage
from lambdas.shared.errors import ServiceCallFailed
from lambdas.shared.turns import Turn


class Finished(NamedTuple):
    """The end of an answer.

    Attributes:
        finish: ``stop``, ``length`` (the token limit) or ``filtered``.
        blocked: whether a guardrail wrote the text in the model's place.
    """

    finish: str
    usage: Usage = Usage()
    blocked: bool = False


Piece = str | Finished
"""A part of a text; the last piece of every answer, and no other, is a `Finished`."""


class Tuning(NamedTuple):
    """What is said to a model beside the conversation.

    Attributes:
        guardrail: Converse's ``guardrailConfig``, or None.
        correlation_id: the id that the model's own log is to have.
    """

    guardrail: dict[str, object] | None = None
    correlation_id: str = ""


class Upstream(Protocol):
    """A model behind a service of AWS."""

    @property
    def streaming(self) -> bool:
        """Whether it can answer piece by piece."""
        ...

    def standing(self) -> str | None:
        """Say how the model stands, as its service has it; None where the service says nothing of it."""
        ...

    def pieces(self, turns: Sequence[Turn], parameters: Parameters, tuning: Tuning, *, live: bool) -> Iterator[Piece]:
        """Ask for an answer; `live` as it is written, otherwise its text is one piece.

        Raises:
            botocore.exceptions.ClientError: the service refused.
            ServiceCallFailed: the answer has another form than it should.
        """
        ...


class BrokenOff(ServiceCallFailed):
    """A stream ended in the middle of an answer."""


def broken_off(what: str) -> BrokenOff:
    """Build the error of a stream that ended before its answer did."""
    return BrokenOff(f"{what} ended before its answer did", remedy="Ask again; read the model's log if it recurs.")
