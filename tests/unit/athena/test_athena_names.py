"""A name in a query is the table, or what WITH calls by it, just as on Athena; and in any case the same."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from twin.athena.statement import Statement, prepare

WHERE = "WHERE dataset = 'd' AND run = 'r'"
ONE_RUN = {"dataset": frozenset({"d"}), "run": frozenset({"r"})}


def prepared(query: str) -> Statement:
    return prepare(query, [], "db")


def rows(query: str) -> list[tuple[object, ...]]:
    """The answer, where every table has one row that says its name."""
    statement = prepared(query)
    with duckdb.connect() as engine:
        for scan in statement.scans:
            row = {"dataset": ["d"], "run": ["r"], "name": [f"{scan.database}.{scan.table}"]}
            engine.register(scan.relation, pa.table(row))
        return engine.execute(statement.sql).fetchall()


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT name FROM curated {WHERE}",
        f"WITH curated AS (SELECT * FROM curated {WHERE}) SELECT name FROM curated",
        f"WITH Kept AS (SELECT * FROM curated {WHERE}) SELECT name FROM kept",
        f'WITH kept AS (SELECT * FROM Curated {WHERE}) SELECT "KEPT".name FROM "KEPT"',
        f"WITH a AS (SELECT * FROM curated {WHERE}), b AS (SELECT * FROM A) SELECT name FROM B",
        f"SELECT name FROM (WITH curated AS (SELECT * FROM curated {WHERE}) SELECT * FROM curated) AS inner_one",
        f"WITH scan_0 AS (SELECT * FROM curated {WHERE}) SELECT name FROM scan_0",
    ],
)
def test_a_table_is_found_behind_what_with_calls_by_its_name(query: str) -> None:
    assert rows(query) == [("db.curated",)]
    (scan,) = prepared(query).scans
    assert scan.constraints == ONE_RUN


def test_a_name_of_with_is_a_table_elsewhere_in_the_query() -> None:
    inner = "(WITH curated AS (SELECT 'none' AS name) SELECT name FROM curated) AS x"
    query = f"SELECT x.name, c.name FROM {inner} CROSS JOIN curated AS c WHERE c.dataset = 'd' AND c.run = 'r'"
    assert rows(query) == [("none", "db.curated")]


def test_a_table_with_its_database_is_never_what_with_calls_so() -> None:
    query = f"WITH curated AS (SELECT 1 AS one) SELECT name FROM Other.CURATED {WHERE}"
    assert rows(query) == [("other.curated",)]


def test_an_entry_of_with_does_not_see_the_entries_behind_it() -> None:
    query = f"WITH a AS (SELECT * FROM b {WHERE}), b AS (SELECT 1 AS one) SELECT name FROM a CROSS JOIN b"
    assert rows(query) == [("db.b",)]


def test_a_recursive_entry_sees_itself() -> None:
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT max(i) FROM N"
    assert not prepared(query).scans
    assert rows(query) == [(3,)]


@pytest.mark.parametrize(("alias", "prefix"), [("C", "c"), ("c", "C"), ('"C"', "c")])
def test_an_alias_in_another_case_still_says_which_partitions_are_read(alias: str, prefix: str) -> None:
    query = f"SELECT {prefix}.name FROM curated AS {alias} WHERE {prefix}.dataset = 'd' AND {prefix}.RUN = 'r'"
    (scan,) = prepared(query).scans
    assert scan.constraints == ONE_RUN
    assert rows(query) == [("db.curated",)]


def test_columns_of_the_result_keep_the_case_that_the_query_gives_them() -> None:
    statement = prepared("SELECT 1 AS Foo")
    assert [column[0] for column in duckdb.connect().execute(statement.sql).description or []] == ["Foo"]
