"""A table of vectors does what a dictionary would do, and lists in an order that writing does not move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.s3vectors.filters import parse
from twin.vectors.table import Part, Vector, VectorTable

KEYS = st.sampled_from([f"k{number}" for number in range(12)])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.tuples(KEYS, st.integers(-9, 9)), max_size=6)),
        st.tuples(st.just("delete"), st.lists(KEYS, max_size=6)),
    ),
    max_size=12,
)
EVERYTHING = Part(0, 1)


def vector(key: str, number: float, **metadata: Any) -> Vector:
    return Vector(key, np.array([number, 1], np.float32), metadata)


def table_of(*vectors: Vector) -> VectorTable:
    table = VectorTable(2, "euclidean")
    table.put(vectors)
    return table


@settings(deadline=None)
@given(CHANGES)
def test_after_any_changes_a_table_holds_what_a_dictionary_would(changes: list[tuple[str, list[Any]]]) -> None:
    table, expected = table_of(), dict[str, int]()
    for kind, given_ in changes:
        if kind == "put":
            table.put([vector(key, number, n=number) for key, number in given_])
            expected.update(given_)
        else:
            table.delete(given_)
            expected = {key: number for key, number in expected.items() if key not in given_}
        check(table, expected)


def check(table: VectorTable, expected: dict[str, int]) -> None:
    held = {key: table.get(key) for key in expected}
    assert len(table) == len(expected)
    assert {key: (one.data[0], one.metadata["n"]) for key, one in held.items() if one} == {
        key: (number, number) for key, number in expected.items()
    }
    query = np.array([0, 1], np.float32)
    ranked = sorted((abs(number), key) for key, number in expected.items())
    assert [(one.distance, one.key) for one in table.nearest(query, 20)] == ranked
    positive = [(distance, key) for distance, key in ranked if expected[key] > 0]
    assert [(one.distance, one.key) for one in table.nearest(query, 20, parse({"n": {"$gt": 0}}))] == positive
    assert sorted(listed(table, EVERYTHING, 5)) == sorted(expected)


def test_what_is_equally_near_comes_by_its_key() -> None:
    table = table_of(*(vector(key, 1) for key in "dacb"))
    assert [one.key for one in table.nearest(np.array([0, 1], np.float32), 3)] == ["a", "b", "c"]


def test_of_a_key_that_is_put_twice_at_once_the_last_stays() -> None:
    table = table_of(vector("k", 1), vector("k", 2))
    assert len(table) == 1
    assert [one.distance for one in table.nearest(np.array([2, 1], np.float32), 5)] == [0]


def test_memory_is_given_back_when_vectors_go() -> None:
    table = table_of(*(vector(f"k{number}", number, text="x" * 100) for number in range(10_000)))
    full = table.size
    table.delete(f"k{number}" for number in range(9_990))
    assert full > 10_000 * (8 + 100)
    assert table.size < full / 50


def listed(table: VectorTable, part: Part, most: int, most_bytes: int = 2**20) -> list[str]:
    keys: list[str] = []
    after: bytes | None = b""
    while after is not None:
        page, after = table.listed(part, after, most, most_bytes)
        assert len(page) <= most
        keys += [one.key for one in page]
    return keys


@pytest.mark.parametrize("most", [1, 7, 1000])
@pytest.mark.parametrize("parts", [1, 2, 3, 16])
def test_the_parts_of_a_table_are_all_of_it_once(parts: int, most: int) -> None:
    table = table_of(*(vector(f"k{number}", number) for number in range(300)))
    keys = [key for number in range(parts) for key in listed(table, Part(number, parts), most)]
    assert sorted(keys) == sorted(f"k{number}" for number in range(300))


def test_a_listing_goes_on_where_it_was_whatever_is_written_meanwhile() -> None:
    table = table_of(*(vector(f"k{number}", number) for number in range(200)))
    first, after = table.listed(EVERYTHING, b"", 50, 2**20)
    assert after is not None
    table.delete(one.key for one in first)
    table.put([vector(f"new{number}", 0) for number in range(50)])
    rest = {one.key for one in table.listed(EVERYTHING, after, 1000, 2**20)[0]}
    assert {f"k{number}" for number in range(200)} - rest == {one.key for one in first}


def test_a_page_ends_once_it_has_read_enough_and_is_never_empty() -> None:
    table = table_of(*(vector(f"k{number}", 1, text="x" * 1000) for number in range(20)))
    page, after = table.listed(EVERYTHING, b"", 20, 2500)
    assert (len(page), after is None) == (3, False)
    assert len(table.listed(EVERYTHING, b"", 20, 1)[0]) == 1
    assert len(listed(table, EVERYTHING, 20, 1)) == 20
