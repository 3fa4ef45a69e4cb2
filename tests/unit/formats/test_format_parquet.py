"""The records as a table."""

import io

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import parquet
from pipelines.formats.parquet import write_parquet
from pipelines.formats.records import Message, Place, Record

TEXTS = st.text(max_size=20)
RECORDS = st.builds(
    Record,
    messages=st.lists(st.builds(Message, TEXTS, TEXTS), min_size=1, max_size=3).map(tuple),
    record_id=TEXTS,
    source=st.none() | st.builds(Place, TEXTS, st.integers(1, 2**40)),
    cluster=st.none() | TEXTS,
)


def written(records: list[Record]) -> bytes:
    file = io.BytesIO()
    assert write_parquet(records, file) == len(records)
    return file.getvalue()


def read(content: bytes) -> list[Record]:
    return [
        Record(
            tuple(Message(**message) for message in row["messages"]),
            None,
            row["record_id"],
            None if row["source"] is None else Place(**row["source"]),
            row["cluster"],
        )
        for row in pq.read_table(io.BytesIO(content)).to_pylist()
    ]


@given(st.lists(RECORDS, max_size=5))
def test_records_read_back_equal_and_the_same_records_give_the_same_bytes(records: list[Record]) -> None:
    content = written(records)
    assert read(content) == records
    assert written(records) == content


def test_no_record_makes_an_empty_table_with_all_columns() -> None:
    columns = ["record_id", "messages", "text", "source", "cluster", "rejected"]
    assert pq.read_schema(io.BytesIO(written([]))).names == columns


def test_groups_end_by_rows_and_by_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_OF_A_GROUP", 3)
    monkeypatch.setattr(parquet, "CHARACTERS_OF_A_GROUP", 10)

    def rows(*lengths: int) -> list[int]:
        records = [Record((Message("user", "a" * length),), record_id="1") for length in lengths]
        file = pq.ParquetFile(io.BytesIO(written(records)))
        return [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]

    assert rows(1, 1, 1, 1) == [3, 1]
    assert rows(9, 1, 1) == [2, 1]
    assert rows(10, 1, 1) == [1, 2]


def test_the_columns_are_compressed_and_nothing_tells_the_time() -> None:
    records = [Record((Message("user", "a"),), record_id="1")]
    metadata = pq.ParquetFile(io.BytesIO(written(records))).metadata
    assert {metadata.row_group(0).column(i).compression for i in range(metadata.num_columns)} == {"ZSTD"}
    assert set(metadata.metadata) == {b"ARROW:schema"}


def test_a_text_alone_has_a_column_of_its_own_and_is_not_lost() -> None:
    records = [Record(text="a", record_id="1"), Record((Message("user", "b"),), text="c", record_id="2")]
    rows = pq.read_table(io.BytesIO(written(records))).to_pylist()
    assert [(row["messages"], row["text"]) for row in rows] == [(None, "a"), ([{"role": "user", "content": "b"}], None)]
