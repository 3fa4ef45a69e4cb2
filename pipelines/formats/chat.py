"""The line that this workflow trains and evaluates on: messages, and where they come from.

The training in `pipelines.tuning` and the evaluation read `record_id` and `messages`; what else a line has is for
people and for lineage.
"""

from typing import Any

from pipelines.formats.json_lines import to_line
from pipelines.formats.records import NotRepresentable, Record


def chat_line(record: Record) -> str:
    """Return the record's chat line; raises `NotRepresentable` for one without messages or without an id."""
    if not record.messages:
        raise NotRepresentable(
            "a text alone is no chat: give it a question and an answer, or write bedrock-pre-training"
        )
    if not record.record_id:
        raise NotRepresentable("a chat line is named by its record_id: give the record one")
    document: dict[str, Any] = {
        "record_id": record.record_id,
        "messages": [message._asdict() for message in record.messages],
    }
    if record.source is not None:
        document["source"] = record.source._asdict()
    if record.cluster is not None:
        document["cluster"] = record.cluster
    return to_line(document)
