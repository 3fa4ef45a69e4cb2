"""Parquet: a row is a record, named by its number; a row group is read by the task in whose bytes it begins."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.preparation.errors import UnreadableObject
from pipelines.preparation.reading.chunks import Chunk
from pipelines.preparation.reading.lines import EXCERPT_BYTES
from pipelines.preparation.records import Line, Reason, Rejected
from pipelines.preparation.storage import Bucket, StoredObject

_UNREADABLE = (ValueError, OverflowError, LookupError)
"""What Arrow raises for a string that is no UTF-8, a time far away, a zone or a field that is not known."""
_ROWS = 256
"""Rows that are taken out of their columns at a time."""


def read_parquet(chunk: Chunk, raw: Bucket, columns: Sequence[str]) -> Iterator[Line]:
    """Yield the rows of a chunk in order, with those of the columns that the file has.

    Raises `UnreadableObject` for a file that is cut off, or no Parquet.
    """
    with _opened(chunk.stored, raw) as file:
        found = [name for name in columns if name in file.schema_arrow.names]
        for group, number in _groups(file.metadata, chunk):
            yield from _rows(file, group, number, chunk.stored.key, found)


def kinds_in_parquet(stored: StoredObject, raw: Bucket) -> dict[str, Any]:
    """Return the columns of a file with an empty value of their kind, None where it is neither a text nor a list of
    objects; raises `UnreadableObject`."""
    with _opened(stored, raw) as file:
        return {field.name: _empty(field.type) for field in file.schema_arrow}


def _empty(kind: Any) -> str | list[Any] | None:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ""
    in_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return [] if in_list and pa.types.is_struct(kind.value_type) else None


@contextmanager
def _opened(stored: StoredObject, raw: Bucket) -> Iterator[Any]:
    try:
        with raw.open(stored) as stream, pq.ParquetFile(stream) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        place, message = f"s3://{raw.name}/{stored.key}", str(error).splitlines()[0]
        raise UnreadableObject(
            f"{place} is not a whole Parquet file ({message}). Upload it again, or remove it."
        ) from error


def _groups(metadata: Any, chunk: Chunk) -> Iterator[tuple[int, int]]:
    """Yield each row group that begins in a chunk, and the number of its first row."""
    number = 1
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        if chunk.start <= _begin(group) < chunk.end:
            yield index, number
        number += group.num_rows


def _begin(group: Any) -> int:
    """Return where a row group begins in the file."""
    if not group.num_columns:
        return 0
    column = group.column(0)
    pages = (column.dictionary_page_offset, column.data_page_offset)
    return min(int(offset) for offset in pages if offset is not None)


def _rows(file: Any, group: int, number: int, key: str, columns: list[str]) -> Iterator[Line]:
    counts = Counter(file.schema_arrow.names)
    repeated = frozenset(name for name in columns if counts[name] > 1)
    if not columns:
        for place in range(file.metadata.row_group(group).num_rows):
            yield Line(key, number + place, b"{}", 2, {})
        return
    for batch in file.iter_batches(batch_size=_ROWS, row_groups=[group], columns=columns):
        for place, row in enumerate(_values(batch)):
            yield _line(key, number + place, row, repeated)
        number += batch.num_rows


def _values(batch: Any) -> Iterator[dict[str, Any] | Rejected]:
    try:
        yield from batch.to_pylist()
    except _UNREADABLE:
        for place in range(batch.num_rows):
            try:
                yield batch.slice(place, 1).to_pylist()[0]
            except UnicodeDecodeError as error:
                yield Rejected(Reason.INVALID_UTF8, f"{error.reason} at byte {error.start} of a column")
            except _UNREADABLE as error:
                yield Rejected(Reason.WRONG_TYPE, f"a column has a value that Python has no place for: {error}")


def _line(key: str, number: int, row: dict[str, Any] | Rejected, repeated: frozenset[str]) -> Line:
    if isinstance(row, Rejected):
        return Line(key, number, b"", 0, {}, row)
    content = json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
    return Line(key, number, content[:EXCERPT_BYTES], len(content), row, None, repeated)
