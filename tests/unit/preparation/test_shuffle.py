"""Deduplication, splits and parts, whatever the partitions; a sort stands in for Spark's shuffle."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.preparation.manifest import check_balance
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.settings import Settings
from pipelines.preparation.shuffle import count_parts, place

Prepare = Callable[..., tuple[Written, Destination]]


def record(text: str, target: str = "the summary", **more: object) -> bytes:
    return json.dumps({"documentation": text, "summary": target, **more}).encode() + b"\n"


def contents(destination: Destination) -> dict[str, list[dict[str, Any]]]:
    """All records written, by key."""
    return {
        stored.key: [json.loads(line) for line in bucket.read(stored.key).splitlines()]
        for bucket in (destination.curated, destination.quarantine)
        for stored in bucket.objects("")
    }


TEXTS = [f"operation number {number} does something to a resource" for number in range(12)]
JUNK = [b"\n", b"\xff\n", b"not json\n", b"[]\n", b"{}\n", record("short"), record("five words and a lot", "one")]
RAW_LINES = st.sampled_from(
    [record(text) for text in TEXTS]
    + [record(f"<p>{text}</p>", "another summary") for text in TEXTS[:4]]
    + [record(text.upper()) for text in TEXTS[:4]]
    + JUNK
)


@hypothesis_settings(max_examples=40)
@given(
    files=st.lists(st.lists(RAW_LINES, max_size=12).map(b"".join), min_size=1, max_size=3),
    chunk_bytes=st.integers(20, 400),
)
def test_output_does_not_depend_on_chunks_or_the_order_of_tasks(
    prepare: Prepare, files: list[bytes], chunk_bytes: int
) -> None:
    named = {f"f{number}.jsonl": content for number, content in enumerate(files)}
    whole, once = prepare(named)
    cut, again = prepare(named, chunk_bytes=chunk_bytes, order=-1)
    assert once == again
    assert whole == cut
    check_balance(whole, counted_lines=sum(content.count(b"\n") for content in files))


@hypothesis_settings(max_examples=40)
@given(lines=st.lists(RAW_LINES, max_size=15), partitions=st.integers(1, 5), data=st.data())
def test_the_split_does_not_depend_on_order_or_partitions(
    prepare: Prepare, lines: list[bytes], partitions: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(lines))

    def sides(written: list[bytes], partitions: int) -> set[tuple[str, str]]:
        _, destination = prepare({"a.jsonl": b"".join(written)}, partitions=partitions)
        return {
            (key.split("/")[2], row["record_id"])
            for key, rows in contents(destination).items()
            for row in rows
            if "record_id" in row
        }

    assert sides(lines, 1) == sides(shuffled, partitions)


def test_copies_go_to_quarantine_with_the_record_they_repeat_or_contradict(prepare: Prepare) -> None:
    text = "creates a bucket with the name that you give"
    files = {
        "b.jsonl": record(text, "kept summary") + record("another text that is kept as well"),
        "a.jsonl": b"\n" + record(f"<p>{text}</p>\u200b", "kept summary"),
        "c.jsonl": record(f"  {text} "),
    }
    written, destination = prepare(files)
    kept = [row for key, rows in contents(destination).items() if "reason=" not in key for row in rows]
    copies = [row for key, rows in contents(destination).items() for row in rows if "duplicate_of" in row]
    assert sorted(row["messages"][1]["content"] for row in kept) == ["kept summary", "the summary"]
    twin = next(row for row in kept if row["messages"][1]["content"] == "kept summary")
    assert {(row["reason"], row["source"]["key"], row["detail"]) for row in copies} == {
        ("duplicate", "b.jsonl", "the same text as line 2 of a.jsonl"),
        ("conflicting_target", "c.jsonl", "the same text as line 2 of a.jsonl, with another target"),
    }
    assert {row["duplicate_of"] for row in copies} == {twin["record_id"]}
    assert written.rejected == {"duplicate": 1, "conflicting_target": 1, "empty": 1}


def test_a_pair_that_differs_in_its_rejected_answer_alone_goes_to_quarantine_and_says_so(
    prepare: Prepare, module_settings: dict[str, Any]
) -> None:
    document = json.loads(json.dumps(module_settings))
    document["task"]["kind"] = "generation"
    document["data"]["columns"] = {"text": "documentation", "target": "summary", "messages": None, "rejected": "worse"}
    text = "creates a bucket with the name that you give"
    raw = record(text, worse="one that is worse") + record(text, worse="another that is worse") + record(text, worse="")
    written, destination = prepare({"a.jsonl": raw}, settings=Settings.from_json(json.dumps(document)))
    [copy] = [row for rows in contents(destination).values() for row in rows if "duplicate_of" in row]
    assert copy["detail"] == "the same text as line 1 of a.jsonl, with another rejected answer"
    assert written.rejected == {"duplicate": 1, "empty": 1}


def test_parts_say_how_many_records_they_hold_and_lie_in_their_folders(prepare: Prepare) -> None:
    written, destination = prepare({"a.jsonl": b"".join(map(record, TEXTS)) + b"".join(JUNK)}, partitions=3)
    rows = contents(destination)
    assert {part.key: part.records for part in written.curated_files + written.quarantine_files} == {
        key: len(content) for key, content in rows.items()
    }
    assert all(
        row["reason"] == key.split("reason=")[1].split("/")[0]
        for key, content in rows.items()
        for row in content
        if "reason=" in key
    )
    assert {key.rsplit("/", 1)[0] for key in rows if "reason=" not in key} <= {
        f"data/run=1/{split}" for split in ("train", "validation", "test")
    }


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(1, 100), st.integers(0, 10**9))
def test_a_row_has_a_partition_for_any_number_of_them(digest: str, partitions: int, line: int) -> None:
    assert 0 <= place((0, digest, "key", line), partitions) < partitions
    assert place((0, digest, "key", line), partitions) == place((0, digest, "other", 1), partitions)
    assert 0 <= place((1, "empty", "key", line), partitions) < partitions
    assert 0 <= place((2, "", "", 0), partitions) < partitions


@pytest.mark.parametrize(("size", "parts"), [(0, 1), (1, 1), (3 << 20, 3), (9 << 20, 4), (128 << 20, 4), (1 << 30, 32)])
def test_the_number_of_parts_follows_from_the_size_of_the_input(size: int, parts: int) -> None:
    assert count_parts(size) == parts
