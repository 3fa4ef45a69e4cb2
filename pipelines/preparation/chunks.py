"""How raw objects are divided among tasks, with every line keeping its number in its file.

A plain file is cut at byte positions. A line belongs to the chunk that its first byte lies in, so no line is
read twice or missed; a first pass counts the line starts of each chunk, which gives the number its first line has.
A compressed file is one chunk.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from pipelines.preparation.errors import UnreadableObject
from pipelines.preparation.lines import LineReader, read_lines
from pipelines.preparation.records import Line
from pipelines.preparation.storage import Bucket, StoredObject

_PLAIN = (".jsonl", ".json")
_READ_BYTES = 1024 * 1024
_USUAL_EXPANSION = 6
_LARGEST_EXPANSION, _ALWAYS_READ = 200, 100 * 1024 * 1024
"""How many times its size a gzip file may expand to, and how much of any is read: text comes to 20 times, a bomb to
1,000."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines of an object whose first byte lies in [start, end); numbers begin at `first_line`."""

    stored: StoredObject
    start: int
    end: int
    first_line: int = 1


def is_json_lines(key: str) -> bool:
    """Whether the job reads a file of this name: `.jsonl`, `.json`, or one of them (or nothing else) gzipped."""
    name = key.rsplit("/", 1)[-1].lower()
    if name.endswith(".gz"):
        name = name.removesuffix(".gz")
        return name.endswith(_PLAIN) or "." not in name
    return name.endswith(_PLAIN)


def is_compressed(key: str) -> bool:
    """Whether a file is gzipped, by its name."""
    return key.lower().endswith(".gz")


def plan_chunks(objects: Iterable[StoredObject], chunk_bytes: int) -> list[Chunk]:
    """Cut objects into chunks of about `chunk_bytes`; their line numbers are still to be counted."""
    chunks = []
    for stored in objects:
        parts = 1 if is_compressed(stored.key) else max(1, round(stored.size / chunk_bytes))
        bounds = [stored.size * part // parts for part in range(parts + 1)]
        chunks += [Chunk(stored, start, end) for start, end in pairwise(bounds)]
    return chunks


def size_of_text(chunk: Chunk) -> int:
    """About how many bytes of text a chunk has."""
    return (chunk.end - chunk.start) * (_USUAL_EXPANSION if is_compressed(chunk.stored.key) else 1)


def is_divided(chunk: Chunk) -> bool:
    """Whether a chunk is only a part of its object, so that lines must be counted."""
    return not is_compressed(chunk.stored.key) and (chunk.start, chunk.end) != (0, chunk.stored.size)


def count_line_starts(chunk: Chunk, raw: Bucket) -> int:
    """Number of lines that begin in a chunk of a plain object."""
    # A line begins at byte 0 and behind every line feed.
    position, stop = max(chunk.start - 1, 0), chunk.end - 1
    count = 1 if chunk.start == 0 and chunk.end > 0 else 0
    with raw.open(chunk.stored, position) as stream:
        while position < stop and (block := stream.read(min(_READ_BYTES, stop - position))):
            count += block.count(b"\n")
            position += len(block)
    return count


def number_lines(chunks: Iterable[Chunk], counts: dict[tuple[str, int], int]) -> list[Chunk]:
    """Give each chunk the number of its first line; `counts` holds the line starts by (key, start)."""
    numbered = []
    key, first_line = "", 1
    for chunk in chunks:
        if chunk.stored.key != key:
            key, first_line = chunk.stored.key, 1
        numbered.append(replace(chunk, first_line=first_line))
        first_line += counts.get((key, chunk.start), 0)
    return numbered


def read_chunk(chunk: Chunk, raw: Bucket, max_bytes: int) -> Iterator[Line]:
    """Yield the lines of a chunk in order; raises `UnreadableObject` for a damaged compressed file."""
    key = chunk.stored.key
    if is_compressed(key):
        yield from _read_compressed(chunk, raw, max_bytes)
        return
    with raw.open(chunk.stored, max(chunk.start - 1, 0)) as stream:
        lines = read_lines(stream, max_bytes)
        position = chunk.start
        if chunk.start > 0:  # the rest of the line that the chunk before began, or only its line feed
            _, _, consumed = next(lines)
            position += consumed - 1
        number = chunk.first_line
        while position < chunk.end:
            content, size, consumed = next(lines)
            yield Line(key, number, content, size)
            position += consumed
            number += 1


class _Expanding(Exception):
    """A compressed file holds more than any text of its size."""


class _Bounded:
    """The lines of a stream, up to a number of bytes; raises `_Expanding` behind it."""

    def __init__(self, stream: LineReader, most: int) -> None:
        self._stream, self._left = stream, most

    def readline(self, limit: int, /) -> bytes:
        """Return at most `limit` bytes, ending early after a line feed."""
        content = self._stream.readline(limit)
        self._left -= len(content)
        if self._left < 0:
            raise _Expanding
        return content


def _read_compressed(chunk: Chunk, raw: Bucket, max_bytes: int) -> Iterator[Line]:
    key = chunk.stored.key
    try:
        with raw.open(chunk.stored) as stream, gzip.GzipFile(fileobj=stream) as lines:
            most = max(_LARGEST_EXPANSION * chunk.stored.size, _ALWAYS_READ)
            for number, (content, size, _) in enumerate(read_lines(_Bounded(lines, most), max_bytes), chunk.first_line):
                yield Line(key, number, content, size)
    except _Expanding as error:
        raise UnreadableObject(
            f"s3://{raw.name}/{key} expands to more than {_LARGEST_EXPANSION} times its size, as text does not. "
            "Upload it uncompressed, or remove it."
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableObject(
            f"s3://{raw.name}/{key} is not a whole gzip file ({error}). Upload it again, or remove it."
        ) from error


T = TypeVar("T")


def group(items: Iterable[tuple[T, int]], target: int) -> list[list[T]]:
    """Put neighbours together until each group weighs about `target`, so that small files share a task."""
    groups: list[list[T]] = []
    weight = 0
    for item, size in items:
        if not groups or weight + size > target:
            groups.append([])
            weight = 0
        groups[-1].append(item)
        weight += size
    return groups
