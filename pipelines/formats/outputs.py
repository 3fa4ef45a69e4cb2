"""The formats that `data.outputs` can name, and what writes each.

Parquet is not among the lines: it is written by the file, with `pipelines.formats.parquet.write_parquet`.
"""

from collections.abc import Callable
from typing import NamedTuple

from pipelines.formats.bedrock import conversation_line, messages_line, pre_training_line, prompt_completion_line
from pipelines.formats.chat import chat_line
from pipelines.formats.records import Format, Record

CHAT = "chat"
PARQUET = "parquet"


class LineOutput(NamedTuple):
    """A format of lines: `write` makes one of a record, or raises `NotRepresentable`."""

    format: Format
    write: Callable[[Record], str]


LINE_OUTPUTS = {
    CHAT: LineOutput(Format.CHAT, chat_line),
    "bedrock-prompt-completion": LineOutput(Format.PROMPT_COMPLETION, prompt_completion_line),
    "bedrock-conversation": LineOutput(Format.CONVERSATION, conversation_line),
    "bedrock-messages": LineOutput(Format.MESSAGES, messages_line),
    "bedrock-pre-training": LineOutput(Format.PRE_TRAINING, pre_training_line),
}

OUTPUTS = (*LINE_OUTPUTS, PARQUET)
"""Every name that `data.outputs` can have."""
