"""Which format a file is in, by its first record."""

import codecs
from typing import Any

from pipelines.formats.json_lines import parse_line
from pipelines.formats.reasons import Problem
from pipelines.formats.records import Format


def detect(line: bytes) -> Format | None:
    """Return the format whose keys a line has; None where it has those of none.

    Messages whose contents are lists are a conversation; with a `record_id` they are this workflow's own chat;
    else they are in Anthropic's form.
    """
    document = parse_line(_readable(line))
    if isinstance(document, Problem):
        return None
    if "messages" in document:
        return _kind_of_messages(document)
    if "prompt" in document or "completion" in document:
        return Format.PROMPT_COMPLETION
    return Format.PRE_TRAINING if "input" in document else None


def _readable(line: bytes) -> bytes:
    """The line without what the check complains of, and what hides no keys: a mark, and letters that are no UTF-8."""
    return line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").encode()


def _kind_of_messages(document: dict[str, Any]) -> Format:
    messages = document["messages"] if isinstance(document["messages"], list) else []
    in_blocks = any(isinstance(message, dict) and isinstance(message.get("content"), list) for message in messages)
    if in_blocks or "schemaVersion" in document:
        return Format.CONVERSATION
    return Format.CHAT if "record_id" in document else Format.MESSAGES
