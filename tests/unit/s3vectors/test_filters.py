"""Filters let through what a reading of AWS's rules, vector by vector, lets through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.s3vectors.filters import InvalidFilterError, parse
from twin.vectors.columns import Columns

FILMS: list[dict[str, Any]] = [
    {"genre": "documentary", "year": 2020, "seen": True},
    {"genre": ["drama", "documentary"], "year": 2019},
    {"year": 1, "seen": False},
    {"genre": "comedy", "year": [1999, 2024]},
    {},
]


def let_through(condition: Any, rows: list[dict[str, Any]] = FILMS) -> list[int]:
    return [row for row, fits in enumerate(parse(condition).mask(Columns(rows))) if fits]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ({"genre": "documentary"}, [0, 1]),
        ({"genre": {"$eq": "documentary"}}, [0, 1]),
        ({"genre": {"$ne": "documentary"}}, [2, 3, 4]),
        ({"genre": {"$in": ["comedy", "drama"]}}, [1, 3]),
        ({"genre": {"$nin": ["comedy", "drama"]}}, [0, 2, 4]),
        ({"year": {"$gt": 2019}}, [0, 3]),
        ({"year": {"$gte": 2019}}, [0, 1, 3]),
        ({"year": {"$lt": 2019}}, [2, 3]),
        ({"year": {"$lte": 1999}}, [2, 3]),
        ({"year": {"$gte": 2019, "$lte": 2020}}, [0, 1, 3]),
        ({"seen": {"$exists": True}}, [0, 2]),
        ({"seen": {"$exists": False}}, [1, 3, 4]),
        ({"$and": [{"genre": "documentary"}, {"year": {"$lt": 2020}}]}, [1]),
        ({"$or": [{"genre": "comedy"}, {"seen": False}]}, [2, 3]),
        ({"$or": [{"$and": [{"genre": "drama"}, {"year": 2019}]}, {"year": 1}]}, [1, 2]),
        ({"director": "nobody"}, []),
    ],
)
def test_a_filter_lets_these_films_through(condition: Any, rows: list[int]) -> None:
    assert let_through(condition) == rows


def test_a_truth_value_is_no_number_and_a_text_is_neither() -> None:
    rows: list[dict[str, Any]] = [{"k": True}, {"k": 1}, {"k": "1"}, {"k": 1.0}, {"k": "true"}]
    assert let_through({"k": True}, rows) == [0]
    assert let_through({"k": 1}, rows) == [1, 3]
    assert let_through({"k": "1"}, rows) == [2]
    assert let_through({"k": {"$gte": 1}}, rows) == [1, 3]


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ({}, "Leave the filter out"),
        ([], "an object with one key"),
        ("genre", "an object with one key"),
        ({"genre": "a", "year": 1}, r"not genre, year; put each into a list under \$and"),
        ({"$and": [{"genre": "a", "year": 1}]}, r"filter.\$and\[0\]: a condition has one key"),
        ({"$and": []}, "a list of conditions that is not empty"),
        ({"$or": {"genre": "a"}}, "a list of conditions"),
        ({"$not": [{"genre": "a"}]}, r"\$not cannot stand before a key"),
        ({"genre": {}}, "it needs an operator"),
        ({"genre": {"$eg": "a"}}, r"no operator \$eg"),
        ({"genre": {"$eq": ["a"]}}, r"filter.genre.\$eq: it takes a string"),
        ({"genre": ["a"]}, r"\$eq: it takes a string"),
        ({"genre": None}, r"\$eq: it takes a string"),
        ({"year": {"$gt": "2020"}}, r"\$gt: it takes a number"),
        ({"year": {"$gt": True}}, r"\$gt: it takes a number"),
        ({"year": {"$lt": float("nan")}}, r"\$lt: it takes a number"),
        ({"year": {"$lt": 10**400}}, r"\$lt: it takes a number"),
        ({"genre": {"$in": []}}, r"\$in: it takes a list"),
        ({"genre": {"$nin": [None]}}, r"\$nin: it takes a list"),
        ({"genre": {"$exists": "true"}}, r"\$exists: it takes true or false"),
        ({"text": "a"}, "filter.text: Invalid use of non-filterable metadata in filter"),
        ({"$or": [{"text": {"$exists": True}}]}, "Invalid use of non-filterable metadata"),
    ],
)
def test_what_is_no_filter_is_refused_with_place_and_remedy(condition: Any, complaint: str) -> None:
    with pytest.raises(InvalidFilterError, match=complaint):
        parse(condition, {"text"})


def test_a_filter_that_nests_without_end_is_refused_and_not_followed() -> None:
    condition: Any = {"genre": "a"}
    for _ in range(5000):
        condition = {"$and": [condition]}
    with pytest.raises(InvalidFilterError, match="up to 32 levels"):
        parse(condition)


# ---- against a reading of the rules, vector by vector -----------------------------------------------------

KEYS = st.sampled_from(["a", "b", "c"])
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.0, 2.0, 1e300]))
VALUES = st.one_of(st.sampled_from(["", "x", "1"]), NUMBERS, st.booleans())
LISTS = st.one_of(st.lists(st.sampled_from(["x", "1"]), min_size=1), st.lists(NUMBERS, min_size=1))
ROWS = st.lists(st.dictionaries(KEYS, st.one_of(VALUES, LISTS)), max_size=8)
OPERATORS = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne"]), VALUES),
    st.tuples(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), NUMBERS),
    st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(VALUES, min_size=1, max_size=3)),
    st.tuples(st.just("$exists"), st.booleans()),
)
TESTS = st.builds(lambda key, tests: {key: dict(tests)}, KEYS, st.lists(OPERATORS, min_size=1, max_size=3))
PLAIN = st.builds(lambda key, value: {key: value}, KEYS, VALUES)
CONDITIONS = st.recursive(
    st.one_of(TESTS, PLAIN),
    lambda inner: st.builds(
        lambda name, parts: {name: parts}, st.sampled_from(["$and", "$or"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def alike(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def holds(name: str, operand: Any, row: dict[str, Any], key: str) -> bool:
    if name == "$exists":
        return operand is (key in row)
    value = row.get(key, [])
    elements = value if isinstance(value, list) else [value]
    numbers = [one for one in elements if isinstance(one, int | float) and not isinstance(one, bool)]
    tests: dict[str, Callable[[], bool]] = {
        "$eq": lambda: any(alike(one, operand) for one in elements),
        "$ne": lambda: not any(alike(one, operand) for one in elements),
        "$in": lambda: any(alike(one, wanted) for one in elements for wanted in operand),
        "$nin": lambda: not any(alike(one, wanted) for one in elements for wanted in operand),
        "$gt": lambda: any(one > operand for one in numbers),
        "$gte": lambda: any(one >= operand for one in numbers),
        "$lt": lambda: any(one < operand for one in numbers),
        "$lte": lambda: any(one <= operand for one in numbers),
    }
    return tests[name]()


def fits(condition: dict[str, Any], row: dict[str, Any]) -> bool:
    [(key, value)] = condition.items()
    if key in ("$and", "$or"):
        parts = [fits(part, row) for part in value]
        return all(parts) if key == "$and" else any(parts)
    tests = value if isinstance(value, dict) else {"$eq": value}
    return all(holds(name, operand, row, key) for name, operand in tests.items())


@settings(deadline=None)
@given(CONDITIONS, ROWS)
def test_every_filter_lets_through_what_the_rules_let_through(
    condition: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    assert let_through(condition, rows) == [number for number, row in enumerate(rows) if fits(condition, row)]
