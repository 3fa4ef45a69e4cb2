"""A data file of the user's, as the preparation would read it: its records, with a first look at what is in them.

The preparation's own code is no part of the twin. So this reads less closely, and takes for a record whatever might be
one: of CSV, each line.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

JSON_LINES = ("jsonl", "ndjson", "json")
_DELIMITED, _PARQUET = ("csv", "tsv"), ("parquet",)
READ = ".jsonl, .ndjson, .json, .csv and .tsv, compressed (.gz, .zst) or not, and .parquet"
_DELIMITERS = (",", "\t", ";", "|")
_CHUNK_BYTES = 1 << 20
_BATCH_ROWS = 1000
_MOST_ZEROS = 8
"""Text of which more than one byte in so many is zero is no UTF-8, as the preparation judges."""

SOME_TEXT = "…"
"""Stands for a value that was not looked at."""

UNREADABLE = (OSError, EOFError, zlib.error, csv.Error, ValueError, pa.ArrowException)
"""What `records_of` raises of a file that cannot be read."""

Record = Mapping[str, object]


def format_of(name: str) -> str | None:
    """Return the extension that tells how the preparation reads a labelled file, or None where it does not."""
    stem, dot, extension = name.lower().rpartition(".")
    if dot and extension in ("gz", "zst"):
        _, dot, extension = stem.rpartition(".")
        extension = extension if dot else JSON_LINES[0]
        return extension if extension in (*JSON_LINES, *_DELIMITED) else None
    return extension if dot and extension in (*JSON_LINES, *_DELIMITED, *_PARQUET) else None


def records_of(path: Path, names: Sequence[str], max_record_bytes: int) -> Iterator[tuple[Record, int]]:
    """Yield the records of a file, each with the number of those that are like it; no column where none can be told.

    Args:
        path: the file; its name says how it is read.
        names: the columns that are wanted; the values of others may be `SOME_TEXT`, or None where they are no texts.
        max_record_bytes: length of a line beyond which it is no record.
    """
    kind = format_of(path.name)
    if kind in _PARQUET:
        yield from _rows(path, names)
        return
    with _opened(path) as file:
        start = file.read(_CHUNK_BYTES)
        _refuse_wide_characters(start)
        whole = io.BufferedReader(cast(Any, _Rejoined(start, file)), _CHUNK_BYTES)
        if kind in JSON_LINES:
            yield from ((_object(line), 1) for line in _lines(whole, max_record_bytes) if line.strip())
            return
        record = dict.fromkeys(_header(whole, names, max_record_bytes), SOME_TEXT)
        yield from ((record, 1) for line in _lines(whole, max_record_bytes) if line.strip())


def read_to_its_end(path: Path) -> None:
    """Unpack a compressed file: only its end says whether it is whole."""
    if not path.name.lower().endswith((".gz", ".zst")):
        return
    with _opened(path) as file:
        while file.read(_CHUNK_BYTES):
            pass


def _refuse_wide_characters(start: bytes) -> None:
    marks = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
    found = next((name for mark, name in marks.items() if start.startswith(mark)), None)
    if found is None and start.count(0) * _MOST_ZEROS > len(start):
        found = "UTF-16, or UTF-32"
    if found:
        raise ValueError(f"it is written in {found}, and UTF-8 is read. Save it as UTF-8")


def _opened(path: Path) -> BinaryIO:
    name = path.name.lower()
    if name.endswith(".zst"):
        return cast(BinaryIO, io.BufferedReader(cast(Any, pa.CompressedInputStream(str(path), "zstd"))))
    return cast(BinaryIO, gzip.open(path)) if name.endswith(".gz") else path.open("rb")


def _lines(file: BinaryIO, limit: int) -> Iterator[bytes]:
    """Yield a file's lines; of a line that is longer than the limit, nothing."""
    whole = True
    while part := file.readline(limit + 2):
        ended = part.endswith(b"\n")
        if whole and (ended or len(part) < limit + 2):
            yield part
        whole = ended


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already: compressed ones cannot go back."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(content) :]
        buffer[: len(content)] = content
        return len(content)


def _object(line: bytes) -> Record:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _header(file: BinaryIO, wanted: Sequence[str], limit: int) -> list[str]:
    """Read the first row as the preparation does: over several lines where it is quoted, up to a record's length."""
    csv.field_size_limit(max(limit, csv.field_size_limit()))
    lines = _header_lines(file, limit)
    first = next(lines, "")
    rows = csv.reader(chain([first], lines), delimiter=_delimiter(first, wanted), strict=True)
    return [name.strip() for name in next(rows, [])]


def _header_lines(file: BinaryIO, limit: int) -> Iterator[str]:
    size = 0
    while line := file.readline(limit + 2):
        size += len(line)
        if size > limit:
            raise ValueError(f"its first row goes on for more than {limit:,} bytes")
        try:
            yield line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"its header is not UTF-8, at byte {error.start}. Save it as UTF-8") from error


def _delimiter(first: str, wanted: Iterable[str]) -> str:
    """Return the delimiter that the preparation takes: which gives most of the columns, then which gives most."""

    def found(delimiter: str) -> tuple[int, int]:
        names = [name.strip().strip('"') for name in first.split(delimiter)]
        return sum(name in names for name in wanted), len(names)

    return max(_DELIMITERS, key=found)


def _rows(path: Path, names: Sequence[str]) -> Iterator[tuple[Record, int]]:
    with pq.ParquetFile(path) as file:
        rows, schema = file.metadata.num_rows, file.schema_arrow
        if not rows:
            return
        others: dict[str, object] = {field.name: SOME_TEXT if _may_be_text(field.type) else None for field in schema}
        if not names or not all(name in others for name in names):
            yield others, rows
            return
        if any(_is_plain_number(schema.field(name).type) for name in names):
            first = next(file.iter_batches(batch_size=1, columns=list(names)))
            yield others | first.to_pylist()[0], rows
            return
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(names)):
            yield from ((others | row, 1) for row in batch.to_pylist())


def _may_be_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts, or lists of turns."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    in_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or (in_list and pa.types.is_struct(kind.value_type))
    )


def _is_plain_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))
