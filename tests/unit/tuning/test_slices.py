"""Test examples are divided by length, source file and language, each in every way that tells some from others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.tuning.curated import Curated
from pipelines.tuning.slices import Slice, slices_of


def record(words: int, source: str = "raw/a.jsonl", language: str = "") -> Curated:
    return Curated(f"r{words}", " ".join(["word"] * words), "part-00000.jsonl, line 1", source, language)


def of_kind(kind: str, records: list[Curated]) -> list[Slice]:
    return [part for part in slices_of(records) if part.kind == kind]


def test_texts_are_divided_in_thirds_by_length_and_the_names_say_how_long() -> None:
    parts = of_kind("length", [record(count) for count in (9, 1, 5, 2, 6, 8, 3, 4, 7)])

    assert {part.name: sorted(part.places) for part in parts} == {
        "short, 1-3 words": [1, 3, 6],
        "middle, 4-6 words": [2, 4, 7],
        "long, 7-9 words": [0, 5, 8],
    }


def test_what_is_the_same_for_all_makes_no_slice() -> None:
    assert slices_of([record(5), record(5)]) == []


def test_files_and_languages_are_slices_and_records_without_one_too() -> None:
    records = [record(5, "raw/a.jsonl", "en"), record(5, "raw/b.jsonl", "de"), record(5, "raw/b.jsonl")]

    assert [(part.kind, part.name, part.places) for part in slices_of(records)] == [
        ("source", "raw/b.jsonl", (1, 2)),
        ("source", "raw/a.jsonl", (0,)),
        ("language", "no language", (2,)),
        ("language", "de", (1,)),
        ("language", "en", (0,)),
    ]


def test_of_many_files_the_rare_ones_are_one_slice() -> None:
    names = [f"f{number:02}" for number in range(30)] + ["f07", "f21"]
    parts = of_kind("source", [record(5, name) for name in names])

    assert len(parts) == 12
    assert [part.name for part in parts[:3]] == ["f07", "f21", "f00"]
    assert parts[-1].name == "others"


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc"), st.sampled_from(["", "en"])), min_size=1))
def test_every_example_is_in_one_slice_of_each_kind(given_records: list[tuple[int, str, str]]) -> None:
    parts = slices_of([record(*each) for each in given_records])

    for kind in {part.kind for part in parts}:
        places = [place for part in parts if part.kind == kind for place in part.places]
        assert sorted(places) == list(range(len(given_records)))
