"""The same records as a table: one Parquet file, written in row groups, the same bytes for the same records."""

from collections.abc import Iterable, Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.formats.records import Record

ROWS_OF_A_GROUP = 10_000
CHARACTERS_OF_A_GROUP = 16 * 1024 * 1024
"""A group ends at whichever comes first: it is in memory whole, as Python's strings and as Arrow's arrays."""

SCHEMA = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        pa.field("text", pa.string()),
        pa.field("source", pa.struct([("key", pa.string()), ("line", pa.int64())])),
        pa.field("cluster", pa.string()),
        pa.field("rejected", pa.string()),
    ]
)


def write_parquet(records: Iterable[Record], file: IO[bytes]) -> int:
    """Write the records to a binary file, which stays open, and return how many they were.

    A row has messages, or a text alone. What is written says which version of the library wrote it, and nothing of
    time or machine.
    """
    written = 0
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for group in _groups(records):
            writer.write_table(_table(group))
            written += len(group)
    return written


def _groups(records: Iterable[Record]) -> Iterator[list[Record]]:
    group: list[Record] = []
    characters = 0
    for record in records:
        group.append(record)
        characters += sum(len(message.content) for message in record.messages)
        characters += len(record.text or "") + len(record.rejected or "")
        if len(group) == ROWS_OF_A_GROUP or characters >= CHARACTERS_OF_A_GROUP:
            yield group
            group, characters = [], 0
    if group:
        yield group


def _table(records: list[Record]) -> pa.Table:
    rows = {
        "record_id": [record.record_id for record in records],
        "messages": [[message._asdict() for message in record.messages] or None for record in records],
        "text": [None if record.messages else record.text for record in records],
        "source": [None if record.source is None else record.source._asdict() for record in records],
        "cluster": [record.cluster for record in records],
        "rejected": [record.rejected for record in records],
    }
    return pa.table(rows, schema=SCHEMA)
