"""Bytes to lines, in bounded memory: a line of any length costs no more than the limit.

Lines are split at LF only (a CR before it is dropped), as JSON Lines says; U+2028 and friends are part of a line.
"""

from collections.abc import Iterator
from typing import Protocol

EXCERPT_BYTES = 64 * 1024
"""How much of an oversized line is kept: what fits into its quarantine record."""

BLOCK_BYTES = 1024 * 1024


class LineReader(Protocol):
    """What a buffered binary stream offers: at most `limit` bytes, ending early after a line feed."""

    def readline(self, limit: int, /) -> bytes: ...


def read_lines(stream: LineReader, max_bytes: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (content, size, consumed) for each line of a stream.

    `content` is cut to the excerpt where the line is longer than `max_bytes`; `size` is the true length without
    the line end; `consumed` is what the line took from the stream with its line end.
    """
    while content := stream.readline(max_bytes + 2):
        skipped, ended = (0, True) if content.endswith(b"\n") else _skip_to_line_end(stream)
        consumed = len(content) + skipped
        if skipped:
            size = consumed - ended
        else:
            content = content.removesuffix(b"\n").removesuffix(b"\r")
            size = len(content)
        yield (content if size <= max_bytes else content[:EXCERPT_BYTES]), size, consumed


def skip_line(stream: LineReader, least: int) -> int:
    """Skip to behind the next line feed, or over so much more than `least` bytes as a block has; return how many."""
    skipped = 0
    while skipped <= least and (block := stream.readline(BLOCK_BYTES)):
        skipped += len(block)
        if block.endswith(b"\n"):
            break
    return skipped


def _skip_to_line_end(stream: LineReader) -> tuple[int, bool]:
    """Return how many bytes were skipped, and whether a line feed was the last of them."""
    skipped = 0
    while block := stream.readline(BLOCK_BYTES):
        skipped += len(block)
        if block.endswith(b"\n"):
            return skipped, True
    return skipped, False
