"""Bytes to lines."""

import io

from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.reading.lines import EXCERPT_BYTES, read_lines, skip_line


class CountingStream(io.BytesIO):
    """Remembers the most bytes that were asked for at once."""

    largest = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self.largest = max(self.largest, size if size is not None and size >= 0 else 1 << 40)
        return super().readline(size)


def test_lines_end_at_line_feeds_and_lose_a_carriage_return() -> None:
    stream = io.BytesIO("a\r\nb\u2028c\n\nlast".encode())
    assert [content for content, _, _ in read_lines(stream, 100)] == [b"a", "b\u2028c".encode(), b"", b"last"]


def test_an_oversized_line_is_cut_to_its_excerpt_with_its_true_size() -> None:
    stream = CountingStream(b"x" * 5_000_000 + b"\nnext\n")
    first, second = read_lines(stream, 1_000_000)
    assert first == (b"x" * EXCERPT_BYTES, 5_000_000, 5_000_001)
    assert second == (b"next", 4, 5)


def test_no_line_is_ever_held_whole_when_it_is_longer_than_the_limit() -> None:
    stream = CountingStream(b"x" * 30_000_000)
    assert [size for _, size, _ in read_lines(stream, 1_000)] == [30_000_000]
    assert stream.largest <= 1024 * 1024


def test_a_line_of_exactly_the_limit_is_whole_with_either_line_end() -> None:
    for end in (b"\n", b"\r\n", b""):
        assert next(read_lines(io.BytesIO(b"x" * 10 + end), 10))[:2] == (b"x" * 10, 10)
    assert next(read_lines(io.BytesIO(b"x" * 11 + b"\n"), 10))[1] == 11


def test_a_line_that_ends_far_behind_is_not_skipped_to_its_end() -> None:
    stream = CountingStream(b"x" * 30_000_000 + b"\nnext")
    assert 1000 < skip_line(stream, 1000) <= 2 * 1024 * 1024
    assert skip_line(io.BytesIO(b"rest\nnext"), 1000) == 5


@given(st.binary(max_size=200).map(lambda content: content.replace(b"\x00", b"\n")), st.integers(1, 20))
def test_every_byte_belongs_to_one_line(content: bytes, limit: int) -> None:
    lines = list(read_lines(io.BytesIO(content), limit))
    assert sum(consumed for _, _, consumed in lines) == len(content)
    assert len(lines) == content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    assert all(len(line) == size for line, size, _ in lines if size <= limit)
    assert [sum(c for _, _, c in lines[:n]) for n in range(len(lines) + 1)] == sorted(
        {0, *(index + 1 for index, byte in enumerate(content) if byte == 10), len(content)}
    )
