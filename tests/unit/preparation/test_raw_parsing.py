"""A raw line to an example."""

import json

import pytest

from pipelines.preparation.parsing import parse
from pipelines.preparation.records import Example, Line, Reason, Rejected
from pipelines.preparation.settings import Columns

COLUMNS = Columns(text="body", target="summary")


def parse_bytes(content: bytes) -> Example:
    return parse(Line("a.jsonl", 1, content, len(content)), COLUMNS, 100_000)


def test_the_two_columns_of_a_record_make_an_example() -> None:
    assert parse_bytes(b'{"body": "A <b>text</b>", "summary": "S", "more": [1]}') == Example("A <b>text</b>", "S")


def test_a_key_that_is_no_column_may_be_there_twice() -> None:
    assert parse_bytes(b'{"body": "A", "id": 1, "id": 2, "more": {"a": 1, "a": 2}, "summary": "S"}').text == "A"


def test_a_byte_order_mark_is_no_part_of_the_record() -> None:
    assert parse_bytes(b'\xef\xbb\xbf{"body": "A", "summary": "S"}').text == "A"


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (b'{"body": "\xff"}', Reason.INVALID_UTF8, "invalid start byte at byte 10"),
        (b'{"body": "\xc3', Reason.INVALID_UTF8, "unexpected end of data at byte 10"),
        (b"", Reason.EMPTY, "the line is blank"),
        (b" \t ", Reason.EMPTY, "the line is blank"),
        (b"not json", Reason.NOT_JSON, "Expecting value at character 0"),
        (b'{"body": NaN}', Reason.NOT_JSON, "NaN is not JSON"),
        (b"[" * 90_000, Reason.NOT_JSON, "maximum recursion depth exceeded"),
        (b'{"n": ' + b"1" * 90_000 + b"}", Reason.NOT_JSON, "Exceeds the limit"),
        (b'["a"]', Reason.NOT_AN_OBJECT, "the line is a JSON array"),
        (b"3", Reason.NOT_AN_OBJECT, "the line is a JSON number"),
        (b"null", Reason.NOT_AN_OBJECT, "the line is a JSON null"),
        (b'{"body": "A"}', Reason.MISSING_COLUMN, "no column 'summary'"),
        (b'{"body": null, "summary": "S"}', Reason.WRONG_TYPE, "column 'body' is null, not a string"),
        (b'{"body": true, "summary": "S"}', Reason.WRONG_TYPE, "column 'body' is boolean, not a string"),
        (b'{"body": "A", "summary": ["S"]}', Reason.WRONG_TYPE, "column 'summary' is array, not a string"),
        (b'{"body": " ", "summary": "S"}', Reason.EMPTY, "column 'body' is blank"),
        (b'{"body": "A", "summary": "S", "body": "B"}', Reason.DUPLICATE_KEY, "column 'body' is there more than once"),
        (b'{"body": {"a": 1, "a": 2}, "summary": "S"}', Reason.WRONG_TYPE, "column 'body' is object, not a string"),
        ('{"body": "A", "summary": "S"}'.encode("utf-16-le"), Reason.INVALID_UTF8, "most likely UTF-16"),
        ('{"body": "A", "summary": "S"}'.encode("utf-32"), Reason.INVALID_UTF8, "most likely UTF-16 or UTF-32"),
        (b'{"body": "A\0B", "summary": "a summary"}', Reason.NOT_JSON, "Invalid control character at character 11"),
    ],
)
def test_a_broken_line_is_rejected_with_its_reason(content: bytes, reason: Reason, detail: str) -> None:
    with pytest.raises(Rejected) as rejected:
        parse_bytes(content)
    assert rejected.value.reason is reason
    assert rejected.value.detail.startswith(detail)


def test_a_line_over_the_limit_is_rejected_before_anything_reads_it() -> None:
    with pytest.raises(Rejected) as rejected:
        parse(Line("a.jsonl", 1, b"{", 200_000), COLUMNS, 100_000)
    assert rejected.value.reason is Reason.OVERSIZED
    assert rejected.value.detail == "200000 bytes; data.max_record_bytes is 100000"


def test_details_of_broken_lines_can_always_be_written() -> None:
    with pytest.raises(Rejected) as rejected:
        parse_bytes(json.dumps({"body": "\ud800"}).encode())
    assert rejected.value.detail.encode()
