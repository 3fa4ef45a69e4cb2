"""Conversations: a list of turns in the spelling of OpenAI, Bedrock or ShareGPT, to turns in order.

A system turn may come first; then user and assistant take turns, and the assistant has the last word: that is what
the model learns to say.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.preparation.json_types import json_type
from pipelines.preparation.records import Reason, Rejected, Turn

_ROLES = {"system": "system", "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant"}


def conversation(value: Any, column: str) -> tuple[Turn, ...]:
    """Return the turns of a conversation, or raise `Rejected` naming the turn that is wrong."""
    return in_order(turns_of(value, column), column)


def turns_of(value: Any, column: str) -> tuple[Turn, ...]:
    """Return a list of turns in whatever order they are, or raise `Rejected`."""
    if not isinstance(value, list):
        raise Rejected(Reason.WRONG_TYPE, f"column {column!r} is {json_type(value)}, not an array of turns")
    return tuple(_turn(turn, f"turn {number} of {column!r}") for number, turn in enumerate(value, start=1))


def in_order(turns: tuple[Turn, ...], column: str) -> tuple[Turn, ...]:
    """Return the turns of a conversation, or raise `Rejected` where it does not end with the assistant's answer."""
    spoken = [turn.role for turn in turns]
    if spoken[:1] == ["system"]:
        del spoken[0]
    if not spoken or spoken != ["user", "assistant"] * (len(spoken) // 2):
        raise Rejected(
            Reason.INVALID_CONVERSATION,
            f"{column!r} must go from user to assistant in turns, a system turn before them at most; it goes "
            f"{', '.join(turn.role for turn in turns[:8]) or 'nowhere'}{' …' if len(turns) > 8 else ''}",
        )
    return turns


def _turn(value: Any, place: str) -> Turn:
    if not isinstance(value, Mapping):
        raise Rejected(Reason.WRONG_TYPE, f"{place} is {json_type(value)}, not an object")
    said = value.get("role", value.get("from"))
    role = _ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        known = ", ".join(sorted(_ROLES))
        raise Rejected(Reason.INVALID_CONVERSATION, f"the role of {place} must be one of {known}")
    content = _content(value.get("content", value.get("value")), place)
    if not content.strip():
        raise Rejected(Reason.EMPTY, f"{place} is blank")
    return Turn(role, content)


def _content(value: Any, place: str) -> str:
    """Return a text, or the texts of a list of blocks, as OpenAI and Bedrock write them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        texts = [block.get("text") if isinstance(block, Mapping) else None for block in value]
        if all(isinstance(text, str) for text in texts):
            return "\n\n".join(text for text in texts if isinstance(text, str))
    raise Rejected(Reason.WRONG_TYPE, f"the content of {place} is {json_type(value)}, not a string or texts in blocks")
