"""How raw objects are divided among tasks, with every line keeping its number in its file.

A plain file of JSON Lines is cut at byte positions. A line belongs to the chunk that its first byte lies in, so no
line is read twice or missed; a first pass counts the line starts of each chunk, which gives the number its first line
has. A Parquet file is cut likewise, and says itself how many rows its row groups have. Any other file is one chunk.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from pipelines.preparation.reading.files import JSON_LINES, TEXT, FileKind, kind_of
from pipelines.preparation.storage import Bucket, StoredObject

_READ_BYTES = 1024 * 1024
_USUAL_EXPANSION = 6
_OPENING_BYTES = 32 * 1024
"""What opening an object costs, in bytes that could be read instead: many tiny files need more than one task."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The records of an object that begin in its bytes [start, end); lines are numbered from `first_line`."""

    stored: StoredObject
    start: int
    end: int
    first_line: int = 1

    @property
    def kind(self) -> FileKind:
        """How the object is read."""
        kind = kind_of(self.stored.key)
        if kind is None:
            raise ValueError(f"{self.stored.key} is of no format that is read")
        return kind


def plan_chunks(objects: Iterable[StoredObject], chunk_bytes: int) -> list[Chunk]:
    """Cut objects into chunks of about `chunk_bytes`; their line numbers are still to be counted."""
    chunks = []
    for stored in objects:
        whole = Chunk(stored, 0, stored.size)
        parts = max(1, round(stored.size / chunk_bytes)) if whole.kind.divisible else 1
        bounds = [stored.size * part // parts for part in range(parts + 1)]
        chunks += [Chunk(stored, start, end) for start, end in pairwise(bounds)]
    return chunks


def size_of_text(chunk: Chunk) -> int:
    """About how many bytes of text a chunk has."""
    plain = chunk.kind.compression is None and chunk.kind.format in (JSON_LINES, TEXT)
    return (chunk.end - chunk.start) * (1 if plain else _USUAL_EXPANSION)


def cost_of_reading(chunk: Chunk) -> int:
    """What a chunk costs to read, in bytes of plain text."""
    return size_of_text(chunk) + _OPENING_BYTES


def needs_counting(chunk: Chunk) -> bool:
    """Whether a chunk is only a part of a file whose lines nobody has counted."""
    return chunk.kind.format == JSON_LINES and (chunk.start, chunk.end) != (0, chunk.stored.size)


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
