"""A record as every format is written from it, and the names of the formats."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Format(StrEnum):
    """The form of a line of training data."""

    CHAT = "chat"
    """What this workflow trains and evaluates on: messages, and where they come from."""
    PROMPT_COMPLETION = "prompt-completion"
    CONVERSATION = "conversation"
    """The messages of Bedrock's Converse API."""
    MESSAGES = "messages"
    """The messages of Anthropic's own API, which Claude 3 Haiku is fine-tuned on."""
    PRE_TRAINING = "pre-training"


class Message(NamedTuple):
    """One turn: `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


class Place(NamedTuple):
    """The raw line that a record comes from."""

    key: str
    line: int


@dataclass(frozen=True, slots=True)
class Record:
    """One example: messages, or a text alone that has no question and no answer.

    Where there are both, `text` is what continued pre-training reads in place of the messages.
    """

    messages: tuple[Message, ...] = ()
    text: str | None = None
    record_id: str = ""
    source: Place | None = None
    cluster: str | None = None
    """Record id of what stands for the record's near-duplicates, where it has any."""
    tags: Mapping[str, int] | None = None
    """What was found in the record and left where it is, by type."""
    redacted: Mapping[str, int] | None = None
    """What was found in the record and replaced, by type."""
    language: str | None = None
    """ISO 639 code, where languages were told apart."""
    rejected: str | None = None
    """Of a preference pair, the answer that is worse than the last message."""

    @property
    def system(self) -> str | None:
        """The system message, if the conversation begins with one."""
        return self.messages[0].content if self.messages and self.messages[0].role == "system" else None

    @property
    def turns(self) -> tuple[Message, ...]:
        """The messages without the system's."""
        return self.messages if self.system is None else self.messages[1:]


class NotRepresentable(ValueError):
    """A record that a format has no place for; the message says which place is missing, and what to do."""
