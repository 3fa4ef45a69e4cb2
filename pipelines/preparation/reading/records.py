"""A chunk to its records, by the format of its file."""

from collections.abc import Iterator

from pipelines.preparation.reading.chunks import Chunk
from pipelines.preparation.reading.delimited import read_delimited
from pipelines.preparation.reading.documents import read_document
from pipelines.preparation.reading.files import DELIMITED, PARQUET, TEXT
from pipelines.preparation.reading.json_lines import read_json_lines
from pipelines.preparation.reading.parquet import read_parquet
from pipelines.preparation.records import Line
from pipelines.preparation.settings import Columns
from pipelines.preparation.storage import Bucket


def read_chunk(chunk: Chunk, raw: Bucket, max_bytes: int, columns: Columns | None) -> Iterator[Line]:
    """Yield the records of a chunk in order; raises `UnreadableObject` for a damaged file.

    Args:
        chunk: what to read.
        raw: the bucket that has it.
        max_bytes: length of a record beyond which it is not held whole.
        columns: the columns that are wanted, or None for all that there are.
    """
    format_of_file = chunk.kind.format
    if format_of_file == DELIMITED:
        return read_delimited(chunk, raw, max_bytes, columns.names if columns else ())
    if format_of_file == PARQUET:
        return read_parquet(chunk, raw, columns.names if columns else ())
    if format_of_file == TEXT:
        return read_document(chunk, raw, max_bytes, columns.text if columns else "")
    return read_json_lines(chunk, raw, max_bytes)
