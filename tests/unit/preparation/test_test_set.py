"""A test set that the user brings: all of it is tested on, and nothing like it is trained on."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipelines.preparation.manifest import check_balance
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.settings import Settings
from tests.unit.preparation.rows import rows_of

Prepare = Callable[..., tuple[Written, Destination]]

LONG = "the operation reads every row of the table that you name and copies those that match to a place of yours"


def record(text: str, target: str = "the summary") -> bytes:
    return json.dumps({"documentation": text, "summary": target}).encode() + b"\n"


@pytest.fixture
def with_test_set(settings: Settings) -> Settings:
    return replace(settings, evaluation_set="golden")


FILES = {
    "data/a.jsonl": b"".join(record(f"operation number {n} does something to a resource") for n in range(60))
    + record(LONG, "a copy of a test text")
    + record(f"{LONG} and then some more words", "nearly a test text"),
    "golden/a.jsonl": record(LONG, "the golden answer") + record(f"{LONG} and one word", "another golden answer"),
}


@pytest.mark.parametrize("action", ["drop", "keep"])
def test_what_is_like_the_test_set_is_not_trained_on(prepare: Prepare, with_test_set: Settings, action: str) -> None:
    near = replace(with_test_set.near_duplicates, action=action)
    written, destination = prepare(FILES, settings=replace(with_test_set, near_duplicates=near))

    rows = rows_of(destination)
    assert sorted(row["messages"][1]["content"] for row in rows["test"]) == [
        "another golden answer",
        "the golden answer",
    ]
    assert {(row["source"]["line"], row["detail"]) for row in rows["reason=contaminated"]} == {
        (61, "the same text as line 1 of golden/a.jsonl, which is for testing"),
        (62, "75% of the word shingles are shared with line 2 of golden/a.jsonl, which is for testing"),
    }
    assert len(rows["train"]) + len(rows["validation"]) == 60
    check_balance(written, counted_lines=64)


def test_without_one_the_data_set_is_divided_as_always(prepare: Prepare, settings: Settings) -> None:
    written, destination = prepare(FILES)
    assert written.splits["test"] > 5
    assert "reason=contaminated" not in rows_of(destination)
