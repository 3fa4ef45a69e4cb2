"""Parquet: rows by their numbers, whoever reads which row group."""

import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.errors import UnreadableObject
from pipelines.preparation.parsing import parse
from pipelines.preparation.records import Example, Line, Reason, Rejected
from pipelines.preparation.settings import Columns

Read = Callable[..., list[Line]]
COLUMNS = Columns("text", "target")


def parquet(table: pa.Table, rows: int = 10) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=rows)
    return file.getvalue()


def outcome(line: Line, columns: Columns = COLUMNS) -> Any:
    try:
        return parse(line, columns, 1000)
    except Rejected as rejected:
        return rejected.reason


TABLE = pa.table({"id": range(100), "text": [f"text {n}" for n in range(100)], "target": [f"t{n}" for n in range(100)]})


@given(st.integers(50, 5000))
def test_rows_and_their_numbers_do_not_depend_on_how_the_file_is_cut(read: Read, chunk_bytes: int) -> None:
    lines = read({"a.parquet": parquet(TABLE)}, COLUMNS, chunk_bytes=chunk_bytes)
    assert [(line.number, outcome(line)) for line in lines] == [
        (n + 1, Example(f"text {n}", f"t{n}")) for n in range(100)
    ]


def test_columns_that_nobody_wants_are_not_read(read: Read) -> None:
    (first, *_) = read({"a.parquet": parquet(TABLE)}, COLUMNS)
    assert first.fields == {"text": "text 0", "target": "t0"}
    assert first.content == b'{"text": "text 0", "target": "t0"}'


def test_pairs_are_read_whether_their_answers_are_texts_or_turns(read: Read) -> None:
    pairs = Columns("prompt", "chosen", rejected="rejected")
    asked, one, other = ({"role": "user", "content": "Why?"}, *({"role": "assistant", "content": t} for t in "ab"))
    texts = pa.table({"prompt": ["Why?"], "chosen": ["a"], "rejected": ["b"]})
    turns = pa.table({"prompt": ["Why?"], "chosen": [[asked, one]], "rejected": [[asked, other]]})
    [of_texts] = read({"a.parquet": parquet(texts)}, pairs)
    [of_turns] = read({"a.parquet": parquet(turns)}, pairs)
    assert outcome(of_texts, pairs) == Example("Why?", "a", rejected="b")
    found = outcome(of_turns, pairs)
    assert (found.text, found.target, found.rejected) == ("Why?", "a", "b")


def test_what_is_wrong_with_a_row_is_said_of_it(read: Read) -> None:
    table = pa.table({"text": ["a", None, "c", "x" * 2000], "target": ["b", "b", " ", "d"]})
    lines = read({"a.parquet": parquet(table)}, COLUMNS)
    assert list(map(outcome, lines)) == [Example("a", "b"), Reason.WRONG_TYPE, Reason.EMPTY, Reason.OVERSIZED]


def test_a_column_that_is_not_there_costs_each_row_and_a_number_is_no_text(read: Read) -> None:
    lines = read({"a.parquet": parquet(pa.table({"body": ["a", "b"]})), "b.parquet": parquet(TABLE)}, COLUMNS)
    assert list(map(outcome, lines[:2])) == [Reason.MISSING_COLUMN] * 2
    numbers = read({"a.parquet": parquet(TABLE.slice(0, 1))}, Columns("id", "target"))
    assert [outcome(line, Columns("id", "target")) for line in numbers] == [Reason.WRONG_TYPE]


def test_strings_that_are_no_utf8_cost_only_their_row(read: Read) -> None:
    broken = pa.array([b"good", b"b\xffd", b"fine"], pa.binary()).view(pa.string())
    lines = read({"a.parquet": parquet(pa.table({"text": broken, "target": ["a", "b", "c"]}))}, COLUMNS)
    assert list(map(outcome, lines)) == [Example("good", "a"), Reason.INVALID_UTF8, Example("fine", "c")]


def test_a_time_that_python_has_no_place_for_costs_only_its_row(read: Read) -> None:
    times = pa.array([0, 10**15], pa.int64()).cast(pa.timestamp("s"))
    lines = read({"a.parquet": parquet(pa.table({"text": times, "target": ["a", "b"]}))}, COLUMNS)
    assert [(line.number, outcome(line)) for line in lines] == [(1, Reason.WRONG_TYPE), (2, Reason.WRONG_TYPE)]
    assert lines[0].problem is None
    assert lines[1].problem is not None


def test_a_column_that_is_there_twice_is_not_guessed_at(read: Read) -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"]), pa.array(["t"])], ["text", "text", "target"])
    assert [outcome(line) for line in read({"a.parquet": parquet(table)}, COLUMNS)] == [Reason.DUPLICATE_KEY]


def test_conversations_are_lists_of_turns(read: Read) -> None:
    turns = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "good day"}]
    columns = Columns(messages="messages")
    (line,) = read({"a.parquet": parquet(pa.table({"messages": [turns]}))}, columns)
    assert outcome(line, columns).target == "good day"


@pytest.mark.parametrize("content", [b"", b"no parquet", parquet(TABLE)[:-50]], ids=["empty", "other", "cut"])
def test_a_damaged_file_is_refused_by_name(read: Read, content: bytes) -> None:
    with pytest.raises(UnreadableObject, match=r"s3://bucket/d/a\.parquet is not a whole Parquet file"):
        read({"d/a.parquet": content}, COLUMNS)
