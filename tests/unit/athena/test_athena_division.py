"""Division means in the twin's Athena what it means in Athena, or is refused by name."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.athena.engine import run
from twin.athena.errors import QueryFailed, QueryRefused
from twin.athena.statement import prepare

CALLER = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",  # a query without tables asks nobody
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def answer(expression: str) -> Any:
    statement = prepare(f"SELECT {expression} FROM (VALUES (5, 2), (7, 4)) AS t(a, b)", [], "db")
    return duckdb.connect().execute(statement.sql).fetchone()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("5/2", 2),
        ("-5/2", -2),
        ("7/2/2", 1),
        ("1 + 7/2 * 2", 7),
        ("(1 + 4)/2", 2),
        ("count(*)/4", 0),
        ("CAST(sum(a) AS bigint)/CAST(max(b) AS integer)", 3),
        ("5/2e0", 2.5),
        ("sum(a)/8e0", 1.5),
        ("1e2 * count(*)/4", 50.0),
        ("round(1e2 * count(*)/sum(count(*)) OVER (), 1)", 100.0),
        ("CAST(5 AS double)/2", 2.5),
        ("TRY(1/0)", None),
    ],
)
def test_a_division_gives_what_it_gives_on_athena(expression: str, expected: float | None) -> None:
    (found,) = answer(expression)
    assert found == expected
    assert type(found) is type(expected)


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9).filter(bool))
def test_whole_numbers_are_divided_towards_zero(dividend: int, divisor: int) -> None:
    exact = abs(dividend) // abs(divisor)
    assert answer(f"{dividend}/{divisor}") == (exact if (dividend < 0) == (divisor < 0) else -exact,)


@pytest.mark.parametrize("expression", ["1/0", "count(*)/(1 - 1)", "5 % 0"])
def test_a_division_of_whole_numbers_by_zero_fails_as_on_athena(expression: str) -> None:
    with pytest.raises(QueryFailed, match=r"^DIVISION_BY_ZERO: Division by zero$"):
        run(prepare(f"SELECT {expression}", [], "db"), CALLER, None)


def test_a_division_of_floating_point_numbers_by_zero_is_infinite() -> None:
    assert answer("1/0e0") == (float("inf"),)


@pytest.mark.parametrize("expression", ["a/b", "sum(a)/2", "1.5/2", "coalesce(a, 1)/2"])
def test_a_division_of_what_the_query_does_not_tell_is_refused_with_the_remedy(expression: str) -> None:
    with pytest.raises(QueryRefused, match=r"cannot tell whether .* divides whole numbers.*CAST\(.* AS double\)"):
        prepare(f"SELECT {expression} FROM curated", [], "db")
