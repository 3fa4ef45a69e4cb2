"""CSV: a record may go over several lines, and is named by the first of them.

A file is read by one task, since where a record begins shows only to whoever has read everything before it. What a
record may hold is bounded: behind an opening quote that is never closed, a file would be one record.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from pipelines.preparation.decoding import decode
from pipelines.preparation.reading.chunks import Chunk
from pipelines.preparation.reading.compressed import opened
from pipelines.preparation.reading.lines import EXCERPT_BYTES, LineReader, read_lines
from pipelines.preparation.records import Line, Reason, Rejected
from pipelines.preparation.storage import Bucket

_DELIMITERS = (",", "\t", ";", "|")


def read_delimited(chunk: Chunk, raw: Bucket, max_bytes: int, columns: Sequence[str]) -> Iterator[Line]:
    """Yield the records of a file with a header, in order; raises `UnreadableObject` for a damaged compressed file."""
    with opened(chunk.stored, chunk.kind.compression, raw) as stream:
        csv.field_size_limit(max(max_bytes, csv.field_size_limit()))
        lines = _Lines(stream, max_bytes)
        try:
            if (header := next(lines, None)) is None:
                return
            rows = csv.reader(chain([header], lines), delimiter=_delimiter(header, columns), strict=True)
            names = [name.strip() for name in next(rows)]
            if lines.problem:
                raise lines.problem
        except (csv.Error, _TooLong, Rejected) as error:
            yield from _without_header(chunk.stored.key, lines, error)
            return
        yield from _records(chunk.stored.key, rows, lines, names)


class _TooLong(Exception):
    """A record goes on for longer than the limit."""


class _Lines:
    """The lines of a stream as text, and what the record has that they belong to."""

    def __init__(self, stream: LineReader, max_bytes: int) -> None:
        self._lines, self._max_bytes, self._last = read_lines(stream, max_bytes), max_bytes, 0
        self.problem: Rejected | None = None
        self.begin()

    def begin(self) -> None:
        """From here on it is the next record."""
        self.number, self.size, self.problem = self._last + 1, 0, None
        self._raw: list[bytes] = []

    @property
    def content(self) -> bytes:
        """How the record begins, as it stands in the file."""
        return b"\n".join(self._raw)[:EXCERPT_BYTES]

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        content, size, _ = next(self._lines)
        self._last += 1
        self.size += size + (1 if self._raw else 0)
        self._raw.append(content)
        if self.size > self._max_bytes:
            raise _TooLong
        try:
            return decode(content) + "\n"
        except Rejected as problem:
            if problem.reason != Reason.EMPTY:  # a blank line may be a part of a field
                self.problem = problem
            return content.decode("utf-8", "replace") + "\n"


def _records(key: str, rows: Iterator[list[str]], lines: _Lines, names: list[str]) -> Iterator[Line]:
    counts = Counter(names)
    repeated = frozenset(name for name in names if counts[name] > 1)
    while True:
        lines.begin()
        row: list[str] = []
        problem: Rejected | None = None
        try:
            row = next(rows)
        except StopIteration:
            return
        except _TooLong:
            pass  # parsing says so, by the size
        except csv.Error as error:
            problem = Rejected(Reason.MALFORMED_ROW, f"not CSV: {error}")
        problem = lines.problem or problem or _wrong_row(row, names, lines)
        fields = dict(zip(names, row, strict=False))
        yield Line(key, lines.number, lines.content, lines.size, fields, problem, repeated)


def _wrong_row(row: list[str], names: list[str], lines: _Lines) -> Rejected | None:
    if not lines.content.decode("utf-8", "replace").replace("\ufeff", "").strip():
        return Rejected(Reason.EMPTY, "the line is blank")
    if row and len(row) != len(names):
        return Rejected(Reason.MALFORMED_ROW, f"{len(row)} fields, where the header has {len(names)}")
    return None


def _without_header(key: str, lines: _Lines, error: Exception) -> Iterator[Line]:
    """Every line of a file whose header nobody can read."""
    detail = error.detail if isinstance(error, Rejected) else str(error) or "its first line goes on too long"
    reason = error.reason if isinstance(error, Rejected) else Reason.MALFORMED_ROW
    problem = Rejected(reason, f"the file has no header: {detail}")
    while True:
        yield Line(key, lines.number, lines.content, lines.size, {}, problem)
        lines.begin()
        try:
            next(lines)
        except StopIteration:
            return
        except _TooLong:
            pass


def _delimiter(header: str, columns: Sequence[str]) -> str:
    """Return the delimiter with which the header has most of the columns, and of several the usual one."""

    def found(delimiter: str) -> tuple[int, int]:
        names = [name.strip().strip('"') for name in header.removesuffix("\n").split(delimiter)]
        return sum(column in names for column in columns), len(names)

    return max(_DELIMITERS, key=found)
