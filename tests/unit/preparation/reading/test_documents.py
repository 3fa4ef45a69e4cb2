"""Plain text files, and files compressed with zstd."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from pipelines.preparation.errors import UnreadableObject
from pipelines.preparation.parsing import parse
from pipelines.preparation.records import Example, Line, Reason, Rejected
from pipelines.preparation.settings import Columns

Read = Callable[..., list[Line]]
COLUMNS = Columns("text")


def outcome(line: Line) -> Any:
    try:
        return parse(line, COLUMNS, 1000)
    except Rejected as rejected:
        return rejected.reason


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    compressed: bytes = sink.getvalue().to_pybytes()
    return compressed


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"one\n\ntwo\n", Example("one\n\ntwo\n")),
        (b"\xef\xbb\xbfone", Example("one")),
        (b"x" * 1001, Reason.OVERSIZED),
        (b"x" * 5_000_000, Reason.OVERSIZED),
        (b"\xff", Reason.INVALID_UTF8),
        ("one".encode("utf-16"), Reason.INVALID_UTF8),
        (b" \n", Reason.EMPTY),
        (b"", Reason.EMPTY),
    ],
    ids=str,
)
def test_a_text_file_is_one_record(read: Read, content: bytes, expected: object) -> None:
    (line,) = read({"a.txt": content}, COLUMNS)
    assert outcome(line) == expected
    assert (line.number, line.size) == (1, len(content))


def test_zstd_is_read_like_the_file_in_it(read: Read) -> None:
    lines = read({"a.jsonl.zst": zstd(b'{"text": "one"}\n{"text": "two"}'), "b.txt.zst": zstd(b"three")}, COLUMNS)
    assert [(line.key, line.number, outcome(line).text) for line in lines] == [
        ("a.jsonl.zst", 1, "one"),
        ("a.jsonl.zst", 2, "two"),
        ("b.txt.zst", 1, "three"),
    ]


@pytest.mark.parametrize("content", [b"plain text", zstd(b"line\n" * 100_000)[:-20]], ids=["other", "cut"])
def test_a_damaged_zstd_file_is_refused_by_name(read: Read, content: bytes) -> None:
    with pytest.raises(UnreadableObject, match=r"s3://bucket/a\.jsonl\.zst is not a whole zstd file"):
        read({"a.jsonl.zst": content}, COLUMNS)


def test_a_zstd_file_that_expands_as_no_text_does_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.preparation.reading.compressed._ALWAYS_READ", 100_000)
    with pytest.raises(UnreadableObject, match=r"a\.txt\.zst expands to more than 200 times its size"):
        read({"a.txt.zst": zstd(b"0" * 30_000_000)}, COLUMNS)
