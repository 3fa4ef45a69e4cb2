"""Which columns make a record, where the settings do not say: the first well-known names that the records have.

A data set has one schema. It is told by the beginning of its first file; files that differ are accounted for record
by record, by parsing.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

from pipelines.preparation.errors import UnknownSchema
from pipelines.preparation.parsing import columns_of
from pipelines.preparation.reading.chunks import plan_chunks
from pipelines.preparation.reading.files import PARQUET, TEXT, kind_of
from pipelines.preparation.reading.parquet import kinds_in_parquet
from pipelines.preparation.reading.records import read_chunk
from pipelines.preparation.settings import Columns
from pipelines.preparation.storage import Bucket, StoredObject

KNOWN = (
    Columns(messages="messages"),
    Columns(messages="conversations"),
    Columns(text="prompt", target="chosen", rejected="rejected"),
    Columns(text="question", target="chosen", rejected="rejected"),
    Columns(messages="chosen", rejected="rejected"),
    Columns(text="prompt", target="completion"),
    Columns(text="question", target="answer"),
    Columns(text="document", target="summary"),
    Columns(text="documentation", target="summary"),
    Columns(text="article", target="highlights"),
    Columns(text="text", target="summary"),
    Columns(text="text", target="target"),
    Columns(text="text", target="label"),
    Columns(text="input", target="output"),
    Columns(text="text"),
    Columns(text="content"),
)
"""Schemas by the names that data sets usually have, the ones with more to tell first.

Conversations come before pairs: who wants the pairs of a data set that has both says so in the settings.
"""

_RECORDS = 100
_TEXT_COLUMN = "text"


def infer_columns(objects: list[StoredObject], raw: Bucket, max_bytes: int) -> Columns:
    """Return the schema that most of a data set's first records have.

    Raises:
        UnknownSchema: none of the known ones; the message names the columns that there are.
    """
    kinds = {stored.key: kind_of(stored.key) for stored in objects}
    tables = [stored for stored in objects if (kind := kinds[stored.key]) and kind.format != TEXT]
    if not tables:
        return Columns(text=_TEXT_COLUMN)
    for stored in tables:
        if records := _first_records(stored, raw, max_bytes):
            return _choose(records, f"s3://{raw.name}/{stored.key}")
    raise UnknownSchema(
        "No file has a record whose columns can be told. Name them in data.columns, or see to the files: the first is "
        f"s3://{raw.name}/{tables[0].key}."
    )


def _first_records(stored: StoredObject, raw: Bucket, max_bytes: int) -> list[Mapping[str, Any]]:
    """Return a file's first records, where there are some; of a table, one that stands for all by its types."""
    kind = kind_of(stored.key)
    if kind and kind.format == PARQUET:
        return [kinds_in_parquet(stored, raw)]
    (chunk,) = plan_chunks([stored], max(stored.size, 1))
    lines = islice(read_chunk(chunk, raw, max_bytes, None), _RECORDS)
    return [record for record in map(columns_of, lines) if record]


def _choose(records: list[Mapping[str, Any]], place: str) -> Columns:
    for columns in KNOWN:
        if 2 * sum(_has(record, columns) for record in records) > len(records):
            return columns
    names = Counter(name for record in records for name in record)
    raise UnknownSchema(
        f"{place} has the columns {', '.join(repr(name) for name, _ in names.most_common(12))}; which is the text and "
        "which the target? Name them in data.columns."
    )


def _has(record: Mapping[str, Any], columns: Columns) -> bool:
    """Whether a record has the columns, and, of a pair, answers in them: many a data set counts what was `chosen`."""
    if not all(name in record for name in columns.names):
        return False
    answers = (columns.target or columns.messages, columns.rejected)
    return not columns.rejected or all(_may_be_an_answer(record[name]) for name in answers)


def _may_be_an_answer(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(turn, Mapping) for turn in value))
