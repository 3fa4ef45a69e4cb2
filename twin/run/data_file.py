"""The user's data file, looked at before anything is deployed: whether the preparation would find records in it.

A file is read until there are enough of them, a compressed one to its end: only that says whether it is whole. Nothing
here decides about a record: the preparation does.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

_JSON_LINES, _DELIMITED, _PARQUET = ("jsonl", "ndjson", "json"), ("csv", "tsv"), ("parquet",)
_READ = ".jsonl, .ndjson, .json, .csv and .tsv, compressed (.gz, .zst) or not, and .parquet"
_DELIMITERS = (",", "\t", ";", "|")
_NOTHING_FOUND = {
    True: "has no line with a JSON object. Give a file with one object a line, and no list around them.",
    False: "has a blank first line, where the names of the columns should stand. Delete what is above them.",
}
_CHUNK_BYTES = 1 << 20
SHOWN_COLUMNS = 12


def problems_of(path: Path, names: tuple[str, ...], max_record_bytes: int, needed: int) -> Iterator[str]:
    """Yield what is wrong with a data file as a whole.

    Args:
        path: the file.
        names: the columns that a record must have; none where the preparation tells them by itself.
        max_record_bytes: length of a line beyond which it is no record.
        needed: how many records there must be at least.
    """
    kind = format_of(path.name)
    if kind is None:
        yield f"{path}: the preparation reads {_READ}. Convert the file to one of these."
        return
    found, lines, records = dict[str, None](), 0, 0
    try:
        for columns, count in _records(path, kind, names, max_record_bytes):
            lines += count
            records += count if columns and all(name in columns for name in names) else 0
            if records >= needed:
                break
            found.update(dict.fromkeys(columns))
        if _is_compressed(path):
            _read_to_its_end(path)
    except (OSError, EOFError, zlib.error, csv.Error, ValueError, pa.ArrowException) as error:
        yield f"{path} cannot be read: {str(error).splitlines()[0]}. See to the file, and run again."
        return
    if records >= needed:
        return
    if not lines:
        yield f"{path} is empty. Give a file with {'one JSON object a line' if kind in _JSON_LINES else 'records'}."
    elif not found:
        yield f"{path} {_NOTHING_FOUND[kind in _JSON_LINES]}"
    elif not records:
        yield f"{path} has no record with {_with(names)}; it has {listed(found)}. Name yours in data.columns."
    else:
        yield (
            f"{path} has no more than {records:,} records{f' with {_with(names)}' if names else ''}, and "
            f"data.minimum_records asks for {needed:,}. Add records, or lower it in the settings."
        )


def _with(names: tuple[str, ...]) -> str:
    return f"{'both the columns' if len(names) > 1 else 'the column'} {' and '.join(map(repr, names))}"


def format_of(name: str) -> str | None:
    """Return the extension that tells how the preparation reads a labelled file, or None where it does not."""
    stem, dot, extension = name.lower().rpartition(".")
    if dot and extension in ("gz", "zst"):
        _, dot, extension = stem.rpartition(".")
        extension = extension if dot else _JSON_LINES[0]
        return extension if extension in (*_JSON_LINES, *_DELIMITED) else None
    return extension if dot and extension in (*_JSON_LINES, *_DELIMITED, *_PARQUET) else None


def listed(names: Iterable[str]) -> str:
    """Name columns in a message."""
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - SHOWN_COLUMNS} more" if len(shown) > SHOWN_COLUMNS else ""
    return ", ".join(shown[:SHOWN_COLUMNS]) + more


def _records(path: Path, kind: str, wanted: tuple[str, ...], limit: int) -> Iterator[tuple[Iterable[str], int]]:
    """Yield the columns of each record, with how many records have them: of CSV, no more than there are lines."""
    if kind in _PARQUET:
        if rows := pq.read_metadata(path).num_rows:
            yield pq.read_schema(path).names, rows
        return
    with _opened(path) as file:
        if kind in _JSON_LINES:
            yield from ((_columns(line), 1) for line in _lines(file, limit) if line.strip())
            return
        names = _header(file, wanted, limit)
        yield from ((names, 1) for line in _lines(file, limit) if line.strip())


def _header(file: BinaryIO, wanted: tuple[str, ...], limit: int) -> list[str]:
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
        yield line.decode("utf-8-sig")


def _delimiter(first: str, wanted: tuple[str, ...]) -> str:
    """Return the delimiter that the preparation takes: which gives most of the columns, then which gives most."""

    def found(delimiter: str) -> tuple[int, int]:
        names = [name.strip().strip('"') for name in first.split(delimiter)]
        return sum(name in names for name in wanted), len(names)

    return max(_DELIMITERS, key=found)


def _is_compressed(path: Path) -> bool:
    return path.name.lower().endswith((".gz", ".zst"))


def _read_to_its_end(path: Path) -> None:
    with _opened(path) as file:
        while file.read(_CHUNK_BYTES):
            pass


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


def _columns(line: bytes) -> dict[str, object]:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
