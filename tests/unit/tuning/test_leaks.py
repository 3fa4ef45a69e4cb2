"""Test records that the train split has too are found, word for word and nearly so, and no others are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.tuning import leaks
from pipelines.tuning.container import TuningError
from pipelines.tuning.curated import Curated, curated_in, shared_beginning
from tests.unit.tuning.conftest import write_lines

ASK = "Summarize.\n\n"
LONG = "the operation removes one item of the table and gives back what it was before it was removed from there"
words = st.lists(st.sampled_from(LONG.split()), min_size=1, max_size=12)


def curated(number: int, text: str, ask: str = ASK) -> Curated:
    return Curated(f"r{number}", ask + text, f"part-00000.jsonl, line {number}")


def found(test: list[str], train: list[str], similarity: float = 0.8) -> list[tuple[str, str, float]]:
    tests = [curated(number, text) for number, text in enumerate(test)]
    trains = [curated(number + 1000, text) for number, text in enumerate(train)]
    result = leaks.find(tests, trains, ASK, similarity, 5)
    assert result.train_records == len(train)
    return [(leak.test.record_id, leak.train.record_id, round(leak.similarity, 2)) for leak in result.leaks]


def test_a_record_that_train_has_too_is_named_with_its_place() -> None:
    result = leaks.find([curated(1, "something else"), curated(2, LONG)], [curated(7, LONG.upper())], ASK, 0.8, 5)

    assert [leak.words for leak in result.leaks] == [
        "r2 (part-00000.jsonl, line 2) and r7 (train part-00000.jsonl, line 7), the same"
    ]


def test_a_record_that_is_nearly_the_same_is_a_leak_and_a_less_similar_one_is_none() -> None:
    near = LONG.removesuffix(" from there")
    assert found([LONG], [near]) == [("r0", "r1000", 0.88)]
    assert found([LONG], [near], similarity=0.9) == []
    assert found([LONG], ["the operation adds one item to the table", "unlike anything else here"]) == []


def test_the_instruction_makes_no_two_texts_alike() -> None:
    ask = "Say in one sentence of at most twenty words what this does for whoever calls it.\n\n"
    test, train = curated(1, "Deletes a queue.", ask), curated(2, "Lists all topics.", ask)

    assert leaks.find([test], [train], ask, 0.8, 5).leaks == []
    assert shared_beginning([test.text, train.text]) == ask
    assert shared_beginning([test.text]) == shared_beginning([]) == shared_beginning(["a b", "a c"]) == ""


def test_texts_shorter_than_a_shingle_are_compared_whole() -> None:
    assert found(["Deletes a queue."], ["deletes a queue", "deletes a topic"]) == [("r0", "r1000", 1.0)]


def test_the_most_similar_record_is_named() -> None:
    near = LONG.removesuffix(" from there")
    assert found([LONG], [near, "other words", LONG]) == [("r0", "r1002", 1.0)]


def test_a_train_split_without_records_proves_nothing() -> None:
    with pytest.raises(TuningError, match="'train' holds no record"):
        leaks.find([curated(1, LONG)], [], ASK, 0.8, 5)


@settings(deadline=None)
@given(st.lists(words, min_size=1, max_size=6), st.lists(words, min_size=1, max_size=6), st.floats(0.3, 1))
def test_exactly_the_pairs_that_are_alike_are_found(
    test: list[list[str]], train: list[list[str]], similarity: float
) -> None:
    def of(text: list[str]) -> set[tuple[str, ...]]:
        return {tuple(text[at : at + 5]) for at in range(max(1, len(text) - 4))}

    def alike(one: list[str], other: list[str]) -> float:
        return len(of(one) & of(other)) / len(of(one) | of(other))

    expected = {
        f"r{place}" for place, text in enumerate(test) if max(alike(text, each) for each in train) >= similarity
    }
    joined = [" ".join(text) for text in test], [" ".join(text) for text in train]

    assert {test_id for test_id, _, _ in found(*joined, similarity=similarity)} == expected


def test_more_than_a_block_of_train_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "_BLOCK", 2)
    assert found([LONG, "not there at all"], ["a b c", "d e f", "g h i", LONG, "j"]) == [("r0", "r1003", 1.0)]


def test_curated_records_of_every_shape_are_read(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": "Why?"}]
    lines = [
        {"record_id": "a", "messages": [*asked, {"role": "assistant", "content": "So."}], "language": "en"},
        {"record_id": "b", "text": "alone", "source": {"key": "raw/x.jsonl", "line": 3}},
        {"record_id": "c", "prompt": asked, "chosen": "x", "rejected": "y"},
    ]
    write_lines(tmp_path, [json.dumps(line) for line in lines])

    read = list(curated_in(tmp_path))

    assert [record.text for record in read] == ["Why?", "alone", "Why?"]
    assert [(record.source, record.language) for record in read] == [("", "en"), ("raw/x.jsonl", ""), ("", "")]
    assert read[1].place == "part-00000.jsonl, line 2"
    write_lines(tmp_path, ["{}"])
    with pytest.raises(TuningError, match=r"part-00000\.jsonl, line 1: not a curated record"):
        list(curated_in(tmp_path))
