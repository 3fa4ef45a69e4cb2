"""Athena's SQL as the twin's engine takes it: parameters bound, tables named by what is read of them.

Athena speaks Trino's dialect, the twin's engine is DuckDB; sqlglot translates. What neither of them has an answer
for is refused by name, so that a query which runs here means the same there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from twin.athena.division import divide_as_athena_does
from twin.athena.errors import QueryRefused
from twin.athena.names import fold_names, names_in, tables_of_catalogue

_ATHENA, _DUCKDB = "athena", "duckdb"
_LITERALS = (exp.Literal, exp.Boolean, exp.Null, exp.Neg)


@dataclass(frozen=True)
class Scan:
    """One table that a statement reads, under the name that the statement now has for it.

    `constraints` holds, by column, the values that the WHERE beside it admits: what decides which partitions are
    read. The statement still judges every row by itself.
    """

    relation: str
    database: str
    table: str
    constraints: dict[str, frozenset[str]]


@dataclass(frozen=True)
class Statement:
    """A query for the engine, and the tables that it needs."""

    sql: str
    scans: tuple[Scan, ...]


def prepare(query: str, parameters: Sequence[str], database: str) -> Statement:
    """Translate a query of Athena's with the values of its `?`, in order; `database` is where bare names are.

    Raises QueryRefused for what Athena would not start, or what the twin cannot run.
    """
    _check_placeholders(_parsed(query))
    tree = _parsed(_bound(query, parameters))
    _check_supported(tree)
    divide_as_athena_does(tree)
    fold_names(tree)
    scans = tuple(_name_scans(tree, database))
    return Statement(tree.sql(dialect=_DUCKDB), scans)


def _parsed(query: str) -> exp.Query:
    try:
        statements = sqlglot.parse(query, read=_ATHENA)
    except SqlglotError as error:
        raise QueryRefused(f"SYNTAX_ERROR: {error}") from error
    if len(statements) != 1:
        raise QueryRefused("Only one sql statement is allowed. Got: " + query[:80])
    if not isinstance(statements[0], exp.Query):
        kind = type(statements[0]).__name__.upper()
        raise QueryRefused(f"NOT_SUPPORTED: the twin's Athena runs SELECT statements, not {kind}.")
    return statements[0]


def _check_placeholders(tree: exp.Query) -> None:
    if any(found.find_ancestor(exp.Where) is None for found in tree.find_all(exp.Placeholder)):
        raise QueryRefused("SYNTAX_ERROR: a parameter (?) can stand in the WHERE clause only.")


def _bound(query: str, parameters: Sequence[str]) -> str:
    """The query with each `?` replaced by its value, in the order of the text."""
    places = [
        token.start for token in sqlglot.tokenize(query, read=_ATHENA) if token.token_type == TokenType.PLACEHOLDER
    ]
    if len(places) != len(parameters):
        raise QueryRefused(
            f"INVALID_PARAMETER_USAGE: Incorrect number of parameters: expected {len(places)} but found "
            f"{len(parameters)}"
        )
    for place, value in reversed(list(zip(places, parameters, strict=True))):
        query = f"{query[:place]}{_literal(value)}{query[place + 1 :]}"
    return query


def _literal(value: str) -> str:
    try:
        found = sqlglot.parse_one(value, read=_ATHENA)
    except SqlglotError:
        found = None
    if not isinstance(found, _LITERALS):
        raise QueryRefused(
            f"INVALID_PARAMETER_USAGE: the execution parameter {value} is no literal; a string stands in single quotes."
        )
    return found.sql(dialect=_ATHENA)


def _check_supported(tree: exp.Query) -> None:
    if unknown := sorted({found.name.lower() for found in tree.find_all(exp.Anonymous)}):
        raise QueryRefused(f"FUNCTION_NOT_FOUND: the twin's Athena does not know {', '.join(unknown)}.")
    for unnest in tree.find_all(exp.Unnest):
        alias = unnest.args.get("alias")
        if alias and len(alias.args.get("columns") or []) > len(unnest.expressions):
            raise QueryRefused(
                "NOT_SUPPORTED: the twin's Athena does not take the fields of rows apart in UNNEST; name one column "
                "for each array, and its fields as column.field."
            )


def _name_scans(tree: exp.Query, database: str) -> Iterator[Scan]:
    tables, prefix = tables_of_catalogue(tree), _free_prefix(names_in(tree))
    for number, table in enumerate(tables):
        if table.catalog and table.catalog != "awsdatacatalog":
            raise QueryRefused(f"The twin's Athena has the catalogue AwsDataCatalog only, not {table.catalog}.")
        relation, known_as = f"{prefix}{number}", table.alias_or_name
        yield Scan(relation, table.db or database.lower(), table.name, _constraints(table, known_as))
        table.set("alias", exp.TableAlias(this=exp.to_identifier(known_as)))
        for part, value in (("this", exp.to_identifier(relation)), ("db", None), ("catalog", None)):
            table.set(part, value)


def _free_prefix(taken: set[str]) -> str:
    """The beginning of names for what is read, that no name in the query has."""
    prefix = "scan_"
    while any(name.startswith(prefix) for name in taken):
        prefix = f"_{prefix}"
    return prefix


def _constraints(table: exp.Table, known_as: str) -> dict[str, frozenset[str]]:
    """What the WHERE of the very SELECT that names a table says of its columns: equalities, joined by AND."""
    select = table.find_ancestor(exp.Select)
    where = select.args.get("where") if select else None
    found: dict[str, frozenset[str]] = {}
    for condition in _conditions(where.this) if where else ():
        column, values = _equality(condition)
        if column is not None and column.table in ("", known_as):
            name = column.name.lower()
            found[name] = found.get(name, values) & values
    return found


def _conditions(condition: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.And):
        yield from _conditions(condition.left)
        yield from _conditions(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from _conditions(condition.this)
    else:
        yield condition


def _equality(condition: exp.Expr) -> tuple[exp.Column | None, frozenset[str]]:
    if isinstance(condition, exp.EQ):
        column, values = condition.this, [condition.expression]
        if not isinstance(column, exp.Column):
            column, values = condition.expression, [condition.this]
    elif isinstance(condition, exp.In) and condition.expressions:
        column, values = condition.this, condition.expressions
    else:
        return None, frozenset()
    if isinstance(column, exp.Column) and all(isinstance(value, exp.Literal) for value in values):
        return column, frozenset(value.name for value in values)
    return None, frozenset()
