"""CSV: records over several lines, and everything that is wrong with files that people call CSV."""

import csv
import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.parsing import parse
from pipelines.preparation.records import Example, Line, Reason, Rejected
from pipelines.preparation.settings import Columns

Read = Callable[..., list[Line]]
COLUMNS = Columns("text", "target")


def outcome(line: Line) -> Any:
    """The example, or the reason why there is none."""
    try:
        return parse(line, COLUMNS, 1000)
    except Rejected as rejected:
        return rejected.reason


def test_a_quoted_field_may_hold_line_ends_and_the_record_is_named_by_its_first_line(read: Read) -> None:
    content = b'text,target\r\n"one\ntwo",a\r\nthree,"b ""quoted"""\r\n'
    lines = read({"a.csv": content}, COLUMNS)
    assert [(line.number, outcome(line)) for line in lines] == [
        (2, Example("one\ntwo", "a")),
        (4, Example("three", 'b "quoted"')),
    ]
    assert lines[0].content == b'"one\ntwo",a'


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_the_one_that_makes_the_header(read: Read, delimiter: str) -> None:
    content = f"id{delimiter}text{delimiter}target\n1{delimiter}a, b; c{delimiter}d\n".replace(", ", " , ")
    quoted = content.replace("a , b; c", '"a , b; c"')
    assert [outcome(line) for line in read({"a.csv": quoted.encode()}, COLUMNS)] == [Example("a , b; c", "d")]


@pytest.mark.parametrize(
    ("content", "outcomes"),
    [
        (b"text,target\na,b,c\nd,e\n", [Reason.MALFORMED_ROW, Example("d", "e")]),
        (b"text,target\na\nd,e\n", [Reason.MALFORMED_ROW, Example("d", "e")]),
        (b'text,target\n"a"b,c\nd,e\n', [Reason.MALFORMED_ROW, Example("d", "e")]),
        (b"text,target\n\nd,e\n", [Reason.EMPTY, Example("d", "e")]),
        ("text,target\n\u00a0\nd,e\n".encode(), [Reason.EMPTY, Example("d", "e")]),
        ('text,target\n"a\n\u00a0\n\u3000\nb",c\n'.encode(), [Example("a\n\u00a0\n\u3000\nb", "c")]),
        (b"text,target\n \xff,x\nd,e\n", [Reason.INVALID_UTF8, Example("d", "e")]),
        (b"text,target\n,x\nd,e\n", [Reason.EMPTY, Example("d", "e")]),
        (b"text,summary\na,b\n", [Reason.MISSING_COLUMN]),
        (b"text,text,target\na,b,c\n", [Reason.DUPLICATE_KEY]),
        (b"\xef\xbb\xbftext,target\r\na,b\r\n", [Example("a", "b")]),
        (b'text,target\nd,e\n"never closed,\nx', [Example("d", "e"), Reason.MALFORMED_ROW]),
        (b"text,target\n" + b"x" * 3000 + b",y\nd,e\n", [Reason.OVERSIZED, Example("d", "e")]),
        (b"te\xffxt,target\na,b\n", [Reason.INVALID_UTF8, Reason.INVALID_UTF8]),
        ("text,target\na,b\n".encode("utf-16"), [Reason.INVALID_UTF8] * 3),
        (b"text,target\n", []),
        (b"", []),
    ],
)
def test_what_is_wrong_with_a_row_costs_no_other_row(read: Read, content: bytes, outcomes: list[Any]) -> None:
    assert [outcome(line) for line in read({"a.csv": content}, COLUMNS)] == outcomes


def test_a_quote_that_is_never_closed_does_not_make_the_file_one_record(read: Read) -> None:
    rows = b"".join(b"row %d,x\n" % number for number in range(1000))
    lines = read({"a.csv": b'text,target\n"never closed,x\n' + rows}, COLUMNS)
    assert (lines[0].number, outcome(lines[0])) == (2, Reason.OVERSIZED)
    assert lines[0].size < 1100
    assert [outcome(line) for line in lines[1:]] == [
        Example(f"row {number}", "x") for number in range(1000 - len(lines) + 1, 1000)
    ]
    assert len(lines) > 850


def test_compressed_files_are_read_alike(read: Read) -> None:
    content = b"text,target\na,b\n"
    assert [outcome(line) for line in read({"a.csv.gz": gzip.compress(content)}, COLUMNS)] == [Example("a", "b")]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8))
def test_every_row_that_python_writes_is_read_back(read: Read, rows: list[tuple[str, str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("text", "target"), *rows])
    lines = read({"a.csv": file.getvalue().encode()}, COLUMNS, max_bytes=10_000)
    assert [(line.fields or {})["text"] for line in lines] == [text for text, _ in rows]
    assert [(line.fields or {})["target"] for line in lines] == [target for _, target in rows]


@given(st.binary(max_size=300))
def test_no_bytes_stop_the_reading(read: Read, content: bytes) -> None:
    lines = read({"a.csv": b"text,target\n" + content}, COLUMNS, max_bytes=50)
    numbers = [line.number for line in lines]
    assert numbers == sorted(set(numbers))
    assert all(outcome(line) for line in lines)
