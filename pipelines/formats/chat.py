"""The line that this workflow trains and evaluates on: messages, and where they come from.

The training in `pipelines.tuning` and the evaluation read `record_id` and `messages`; what else a line has is for
people and for lineage. A preference pair has its worse answer in `rejected`, which only DPO reads: for everything else
it is a conversation like any other.
"""

from typing import Any

from pipelines.formats.json_lines import to_line
from pipelines.formats.records import NotRepresentable, Record


def chat_line(record: Record) -> str:
    """Return the record's line; a text alone is written as `text`, which only continued pre-training can use.

    Raises `NotRepresentable` for a record without an id, or with neither messages nor a text.
    """
    if not record.record_id:
        raise NotRepresentable("a chat line is named by its record_id: give the record one")
    document: dict[str, Any] = {"record_id": record.record_id}
    if record.messages:
        document["messages"] = [message._asdict() for message in record.messages]
    elif record.text is not None:
        document["text"] = record.text
    else:
        raise NotRepresentable("the record has neither a text nor messages")
    if record.rejected is not None:
        document["rejected"] = record.rejected
    if record.source is not None:
        document["source"] = record.source._asdict()
    if record.cluster is not None:
        document["cluster"] = record.cluster
    if record.language is not None:
        document["language"] = record.language
    if record.tags:
        document["tags"] = dict(record.tags)
    if record.redacted:
        document["redacted"] = dict(record.redacted)
    return to_line(document)
