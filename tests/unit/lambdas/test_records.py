"""Curated records are streamed, checked one by one, and sampled the same however they lie in files."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared import s3
from lambdas.shared.errors import InvalidRecord
from lambdas.shared.prompts import choose_examples, few_shot_turns, task_prompt, text_of
from lambdas.shared.records import Record, Turn, parse_record, read_split, sample

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud

Curated = Callable[..., dict[str, Any]]


def test_a_split_is_read_over_all_its_files_in_order(cloud: Cloud, record: Curated) -> None:
    for number in range(5):
        cloud.put("curated", f"news/run=r/test/part-{number:05}.jsonl", record(f"a{number}"), record(f"b{number}"))
    cloud.put("curated", "news/run=r/train/part-00000.jsonl", record("other"))

    found = [item.record_id for item in read_split("curated", "news/run=r/", "test")]

    assert found == ["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"]


def test_lines_are_whole_wherever_the_chunks_of_the_stream_end(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "CHUNK_BYTES", 3)
    cloud.objects["curated", "k"] = "äöü\n\n  \r\nzwei\nohne Ende".encode()

    assert [line.decode() for line in s3.lines("curated", "k")] == ["äöü", "zwei", "ohne Ende"]


def test_a_line_without_end_is_not_gathered_for_ever(cloud: Cloud) -> None:
    cloud.objects["curated", "k"] = b"x" * 1_000_000

    with pytest.raises(InvalidRecord, match=r"longer than 1,000 bytes \(s3://curated/k\)"):
        list(s3.lines("curated", "k", max_line_bytes=1000))


def test_a_conversation_is_what_stands_before_its_answer() -> None:
    said = [("system", "be kind"), ("user", "ask"), ("assistant", "answer"), ("user", "and?"), ("assistant", "more")]
    messages = [{"role": role, "content": content} for role, content in said]

    record = parse_record(json.dumps({"record_id": "a", "messages": messages}).encode(), "here")

    assert [(turn.role, turn.content) for turn in record.turns] == said[:-1]
    assert (record.prompt, record.reference) == ("and?", "more")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not JSON"),
        (b"[1]", "A JSON object is needed here, not a list"),
        (b'{"record_id": "a"}', "'messages' is missing"),
        (b'{"record_id": "a", "messages": [{"role": "user", "content": "x"}]}', "from user to assistant"),
        (b'{"record_id": 7, "messages": []}', "from user to assistant"),
    ],
)
def test_a_wrong_record_is_named_with_its_place(cloud: Cloud, line: bytes, message: str) -> None:
    cloud.objects["curated", "p/test/part-0.jsonl"] = line

    with pytest.raises(InvalidRecord, match=message) as caught:
        list(read_split("curated", "p/", "test"))
    assert "s3://curated/p/test/part-0.jsonl, record 1" in str(caught.value)


@given(st.sets(st.integers(), max_size=50), st.integers(0, 60), st.randoms(use_true_random=False))
def test_a_sample_does_not_depend_on_the_order_of_the_records(ids: set[int], size: int, rng: random.Random) -> None:
    records = [Record(str(number), (Turn("user", "prompt"),), "reference") for number in ids]
    shuffled = records.copy()
    rng.shuffle(shuffled)

    chosen = sample(records, size)

    assert chosen == sample(shuffled, size)
    assert len(chosen) == min(size, len(records))
    assert len(set(chosen)) == len(chosen)


def test_a_larger_sample_holds_the_smaller_one() -> None:
    records = [Record(str(number), (Turn("user", "prompt"),), "reference") for number in range(100)]

    assert sample(records, 40)[:10] == sample(records, 10)


def test_examples_come_from_the_shorter_half() -> None:
    records = [Record(str(number), (Turn("user", "x" * number),), "reference") for number in range(1, 21)]

    chosen = choose_examples(records, 3)

    assert len(chosen) == 3
    assert all(len(item.prompt) <= 10 for item in chosen)
    assert choose_examples(records[:2], 2)


def test_examples_are_shown_as_turns_of_both() -> None:
    turns = few_shot_turns(
        [
            Record("1", (Turn("system", "be kind"), Turn("user", "ask")), "answer"),
            Record("2", (Turn("user", "more"),), "less"),
        ]
    )

    assert [(turn.role, turn.content) for turn in turns] == [
        ("user", "ask"),
        ("assistant", "answer"),
        ("user", "more"),
        ("assistant", "less"),
    ]


@given(st.text(), st.text())
def test_a_prompt_gives_back_its_text(instruction: str, text: str) -> None:
    assert text_of(task_prompt(instruction, text), instruction) == text


def test_a_document_is_read_whole_or_not_at_all(cloud: Cloud) -> None:
    cloud.objects["models", "k"] = b'{"a": 1}'

    assert s3.document("models", "k", max_bytes=8)[0] == {"a": 1}
    with pytest.raises(InvalidRecord, match=r"longer than 7 bytes \(s3://models/k\)"):
        s3.document("models", "k", max_bytes=7)


def test_text_is_stored_as_it_reads(cloud: Cloud) -> None:
    s3.write_document("models", "d", {"b": "ü", "a": 1})
    s3.write_lines("models", "l", [{"a": "ü"}, {"a": "\n"}])

    assert cloud.objects["models", "d"].decode() == '{\n  "a": 1,\n  "b": "ü"\n}'
    assert cloud.objects["models", "l"].decode() == '{"a": "ü"}\n{"a": "\\n"}\n'


def test_the_listing_goes_over_all_pages_and_stops_at_its_limit(cloud: Cloud) -> None:
    for number in range(7):
        cloud.put("curated", f"p/{number}", {})

    assert len(s3.keys("curated", "p/")) == 7
    with pytest.raises(InvalidRecord, match="More than 5 objects"):
        s3.keys("curated", "p/", limit=5)
