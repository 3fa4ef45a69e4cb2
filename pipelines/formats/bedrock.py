"""The lines that Amazon Bedrock customizes models on, one function a format.

They hold nothing but what the format names: an id or a source would be a key that the service may refuse.
"""

from pipelines.formats.json_lines import to_line
from pipelines.formats.records import Message, NotRepresentable, Record

SCHEMA_VERSION = "bedrock-conversation-2024"

_BETWEEN_TEXTS = "\n\n"


def prompt_completion_line(record: Record) -> str:
    """Return `{"prompt", "completion"}`; a system message stands before the prompt, as an instruction does."""
    turns = _conversation(record, "prompt-completion")
    if [turn.role for turn in turns] != ["user", "assistant"]:
        raise NotRepresentable(
            "a prompt-completion line has one question of the user and one answer of the assistant, and the record has "
            f"turns of {', '.join(turn.role for turn in turns)}: write bedrock-conversation"
        )
    prompt = turns[0].content if record.system is None else record.system + _BETWEEN_TEXTS + turns[0].content
    return to_line({"prompt": prompt, "completion": turns[1].content})


def conversation_line(record: Record) -> str:
    """Return the messages in the form of the Converse API."""
    messages = [
        {"role": turn.role, "content": [{"text": turn.content}]} for turn in _conversation(record, "conversation")
    ]
    system = {} if record.system is None else {"system": [{"text": record.system}]}
    return to_line({"schemaVersion": SCHEMA_VERSION, **system, "messages": messages})


def messages_line(record: Record) -> str:
    """Return the messages in the form that Claude 3 Haiku is fine-tuned on."""
    messages = [turn._asdict() for turn in _conversation(record, "messages")]
    system = {} if record.system is None else {"system": record.system}
    return to_line({**system, "messages": messages})


def pre_training_line(record: Record) -> str:
    """Return `{"input"}`: the record's text, or else its messages one after the other, without their roles."""
    if record.text is not None:
        return to_line({"input": record.text})
    if not record.messages:
        raise NotRepresentable("the record has neither a text nor messages")
    return to_line({"input": _BETWEEN_TEXTS.join(message.content for message in record.messages)})


def _conversation(record: Record, name: str) -> tuple[Message, ...]:
    if not record.turns:
        raise NotRepresentable(
            f"a text alone has no question and no answer, which {name} needs: write bedrock-pre-training"
        )
    return record.turns
