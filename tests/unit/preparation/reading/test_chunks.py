"""Raw objects divided among tasks."""

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.errors import UnreadableObject
from pipelines.preparation.reading.chunks import (
    Chunk,
    cost_of_reading,
    count_line_starts,
    group,
    needs_counting,
    number_lines,
    plan_chunks,
)
from pipelines.preparation.reading.files import kind_of
from pipelines.preparation.reading.records import read_chunk
from pipelines.preparation.records import Line
from pipelines.preparation.storage import Bucket, StoredObject

MakeBucket = Callable[..., Bucket]


def read_all(raw: Bucket, chunk_bytes: int) -> list[Line]:
    chunks = plan_chunks(raw.objects(""), chunk_bytes)
    counts = {(c.stored.key, c.start): count_line_starts(c, raw) for c in chunks if needs_counting(c)}
    return [line for chunk in number_lines(chunks, counts) for line in read_chunk(chunk, raw, 50, None)]


@given(
    content=st.lists(st.binary(max_size=12), max_size=12).map(b"\n".join),
    more=st.lists(st.binary(max_size=12), max_size=12).map(b"\r\n".join),
    chunk_bytes=st.integers(1, 40),
)
def test_lines_and_their_numbers_do_not_depend_on_how_files_are_cut(
    bucket: MakeBucket, content: bytes, more: bytes, chunk_bytes: int
) -> None:
    raw = bucket({"a.jsonl": content, "b.jsonl": more})
    assert read_all(raw, chunk_bytes) == read_all(raw, 1_000_000)


def test_a_line_longer_than_several_chunks_is_read_once(bucket: MakeBucket) -> None:
    raw = bucket({"a.jsonl": b"one\n" + b"x" * 45 + b"\nthree\n"})
    assert [(line.number, line.size) for line in read_all(raw, 4)] == [(1, 3), (2, 45), (3, 5)]


def test_gzipped_files_are_read_as_one_chunk_with_numbered_lines(bucket: MakeBucket) -> None:
    members = gzip.compress(b"one\ntwo\n") + gzip.compress(b"three")
    raw = bucket({"a.jsonl.gz": members})
    assert [(line.number, line.content) for line in read_all(raw, 4)] == [(1, b"one"), (2, b"two"), (3, b"three")]


def test_a_gzip_file_that_expands_as_no_text_does_is_refused_before_it_is_read_whole(
    bucket: MakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.preparation.reading.compressed._ALWAYS_READ", 100_000)

    with pytest.raises(UnreadableObject, match=r"s3://bucket/bomb\.gz expands to more than 200 times its size"):
        read_all(bucket({"bomb.gz": gzip.compress(b"0" * 3_000_000 + b"\n")}), 4)
    assert len(read_all(bucket({"text.gz": gzip.compress(b"0\n" * 40_000)}), 4)) == 40_000


@pytest.mark.parametrize("content", [b"plain text", gzip.compress(b"line\n" * 1000)[:-20]], ids=["not gzip", "cut"])
def test_a_damaged_gzip_file_is_refused_by_name(bucket: MakeBucket, content: bytes) -> None:
    raw = bucket({"folder/a.jsonl.gz": content})
    with pytest.raises(UnreadableObject, match=r"s3://bucket/folder/a\.jsonl\.gz is not a whole gzip file"):
        read_all(raw, 4)


def test_an_empty_file_has_no_lines(bucket: MakeBucket) -> None:
    assert read_all(bucket({"a.jsonl": b""}), 4) == []


@pytest.mark.parametrize(
    ("key", "format_of_file", "compression"),
    [
        ("d/a.jsonl", "json_lines", None),
        ("d/a.JSON", "json_lines", None),
        ("d/a.ndjson.gz", "json_lines", "gzip"),
        ("d/part.gz", "json_lines", "gzip"),
        ("d/a.jsonl.zst", "json_lines", "zstd"),
        ("d/a.csv", "delimited", None),
        ("d/a.tsv.gz", "delimited", "gzip"),
        ("d/a.parquet", "parquet", None),
        ("d/a.txt.zst", "text", "zstd"),
    ],
)
def test_a_file_is_known_by_its_name(key: str, format_of_file: str, compression: str | None) -> None:
    kind = kind_of(key)
    assert kind is not None
    assert (kind.format, kind.compression) == (format_of_file, compression)


@pytest.mark.parametrize("key", ["d/_SUCCESS", "d/a.jsonl.tmp", "d/a.tar.gz", "jsonl", "d/a.parquet.gz", "d/.gz/a"])
def test_other_files_are_not_read(key: str) -> None:
    assert kind_of(key) is None


def test_small_files_share_a_task() -> None:
    assert group([("a", 3), ("b", 3), ("c", 5), ("d", 20), ("e", 1)], 10) == [["a", "b"], ["c"], ["d"], ["e"]]


def test_an_empty_file_has_a_task_too_and_shares_it_with_the_next() -> None:
    assert group([("empty", 0), ("b", 3)], 10) == [["empty", "b"]]
    assert group([("empty", 0)], 10) == [["empty"]]


def test_a_file_that_fits_one_chunk_needs_no_counting(bucket: MakeBucket) -> None:
    raw = bucket({"a.jsonl": b"one\ntwo\n"})
    assert [needs_counting(chunk) for chunk in plan_chunks(raw.objects(""), 100)] == [False]
    assert isinstance(plan_chunks(raw.objects(""), 100)[0], Chunk)


def test_a_hundred_thousand_tiny_files_share_few_tasks_evenly() -> None:
    files = [StoredObject(f"d/{number:06d}.jsonl", 100, "etag") for number in range(100_000)]
    chunks = plan_chunks(files, 64 * 1024 * 1024)
    tasks = group(((chunk, cost_of_reading(chunk)) for chunk in chunks), 64 * 1024 * 1024)
    assert len(tasks) == 49
    assert max(map(len, tasks)) < 2100
