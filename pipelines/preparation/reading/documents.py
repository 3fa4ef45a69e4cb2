"""Plain text: a file is one record, its text the whole of it."""

from collections.abc import Iterator
from typing import BinaryIO

from pipelines.preparation.decoding import decode
from pipelines.preparation.reading.chunks import Chunk
from pipelines.preparation.reading.compressed import opened
from pipelines.preparation.reading.lines import BLOCK_BYTES, EXCERPT_BYTES
from pipelines.preparation.records import Line, Rejected
from pipelines.preparation.storage import Bucket


def read_document(chunk: Chunk, raw: Bucket, max_bytes: int, column: str) -> Iterator[Line]:
    """Yield the one record of a text file, its text under the name of the column."""
    with opened(chunk.stored, chunk.kind.compression, raw) as stream:
        content = stream.read(max_bytes + 1)
        size = len(content) + _skip(stream)
    line = Line(chunk.stored.key, 1, content[:EXCERPT_BYTES], size)
    if size > max_bytes:
        yield line._replace(fields={})
        return
    try:
        yield line._replace(fields={column: decode(content)})
    except Rejected as problem:
        yield line._replace(problem=problem)


def _skip(stream: BinaryIO) -> int:
    skipped = 0
    while block := stream.read(BLOCK_BYTES):
        skipped += len(block)
    return skipped
