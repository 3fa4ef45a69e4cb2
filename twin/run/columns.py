"""Which columns of a user's data make a record, told as the preparation tells them where the settings do not.

The names are those of `pipelines/preparation/schema.py`, whose code the twin does not import; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from cdk_app.settings import Columns
from twin.run.data_file import Record, records_of
from twin.run.data_files import DataFile

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
_RECORDS = 100


class UnknownColumns(ValueError):
    """The first file with records has none of the known pairs of columns; the text says which it has."""


def told_columns(files: Sequence[DataFile], max_record_bytes: int) -> Columns | None:
    """Return the columns by the first file, in the order of keys, that has records; None where none has.

    Raises what `records_of` raises, and UnknownColumns.
    """
    for file in files:
        first = islice(records_of(file.path, (), max_record_bytes), _RECORDS)
        records = [record for record, _ in first if record]
        if records:
            return _choose(records, file)
    return None


def listed(names: Sequence[str], shown: int = 12) -> str:
    """Name columns in a message."""
    quoted = [repr(name) for name in names]
    more = f" and {len(quoted) - shown} more" if len(quoted) > shown else ""
    return ", ".join(quoted[:shown]) + more


def _choose(records: Sequence[Record], file: DataFile) -> Columns:
    for columns in KNOWN:
        if 2 * sum(_has(record, columns) for record in records) > len(records):
            return columns
    names = list(dict.fromkeys(name for record in records for name in record))
    raise UnknownColumns(
        f"{file.path} has the columns {listed(names)}; which is the text and which the target? "
        "Name them in data.columns."
    )


def _has(record: Record, columns: Columns) -> bool:
    """Whether a record has the columns, and, of a pair, answers in them."""
    if not all(name in record for name in columns.names):
        return False
    answers = (columns.target or columns.messages, columns.rejected)
    return not columns.rejected or all(_may_be_an_answer(record[name]) for name in answers if name)


def _may_be_an_answer(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(turn, Mapping) for turn in value))
