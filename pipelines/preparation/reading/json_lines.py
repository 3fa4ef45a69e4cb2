"""JSON Lines: each line is a record; whether it is JSON, parsing finds out."""

from collections.abc import Iterator

from pipelines.preparation.reading.chunks import Chunk
from pipelines.preparation.reading.compressed import opened
from pipelines.preparation.reading.lines import read_lines, skip_line
from pipelines.preparation.records import Line
from pipelines.preparation.storage import Bucket


def read_json_lines(chunk: Chunk, raw: Bucket, max_bytes: int) -> Iterator[Line]:
    """Yield the lines of a chunk in order; raises `UnreadableObject` for a damaged compressed file."""
    key, kind = chunk.stored.key, chunk.kind
    if kind.compression:
        with opened(chunk.stored, kind.compression, raw) as plain:
            for number, (content, size, _) in enumerate(read_lines(plain, max_bytes), start=1):
                yield Line(key, number, content, size)
        return
    with raw.open(chunk.stored, max(chunk.start - 1, 0)) as stream:
        position = chunk.start
        if chunk.start > 0:  # the rest of the line that the chunk before began, or only its line feed
            position += skip_line(stream, chunk.end - chunk.start) - 1
        lines, number = read_lines(stream, max_bytes), chunk.first_line
        while position < chunk.end:
            content, size, consumed = next(lines)
            yield Line(key, number, content, size)
            position += consumed
            number += 1
