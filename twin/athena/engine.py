"""Runs a statement on DuckDB, over what its caller may read in S3, and gives the result as Athena writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from botocore.exceptions import ClientError

from twin.athena.errors import QueryCancelled, QueryFailed
from twin.athena.statement import Scan, Statement
from twin.catalogue.errors import UnreadableTable
from twin.catalogue.partitions import partitions
from twin.catalogue.tables import File, JsonTable, content_of, files_of
from twin.credentials import client_from

# A query reads what it was given: no file of this machine, no extension from elsewhere.
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
    "threads": "1",
}
_TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DOUBLE": "double",
    "FLOAT": "real",
    "HUGEINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "VARCHAR": "varchar",
}


@dataclass(frozen=True)
class Result:
    """Names and types of the columns, the rows as text (None for NULL), and the bytes that were read for them."""

    columns: list[tuple[str, str]]
    rows: list[list[str | None]]
    scanned: int


def run(statement: Statement, caller: Mapping[str, str], cutoff: int | None) -> Result:
    """Run a statement as its caller, whose environment `caller` is; `cutoff` is the most bytes it may read.

    Raises QueryFailed, or QueryCancelled where it would read more.
    """
    try:
        return _run(statement, client_from(caller, "glue"), client_from(caller, "s3"), cutoff)
    except ClientError as error:
        raise QueryFailed(_reason(error)) from error
    except UnreadableTable as error:
        raise QueryFailed(str(error)) from error
    except duckdb.Error as error:
        if "Division by zero" in str(error):
            raise QueryFailed("DIVISION_BY_ZERO: Division by zero") from error
        raise QueryFailed(f"GENERIC_INTERNAL_ERROR: {error}") from error


def _run(statement: Statement, glue: Any, s3: Any, cutoff: int | None) -> Result:
    read = {scan.relation: _look_up(scan, glue, s3) for scan in statement.scans}
    scanned = sum(file.size for _, files in read.values() for file in files)
    if cutoff is not None and scanned > cutoff:
        raise QueryCancelled("Query cancelled! : Bytes scanned limit was exceeded")
    with duckdb.connect(":memory:", config=_CLOSED) as engine:
        for name, (table, files) in read.items():
            relation: pa.Table = table.relation([(file, content_of(s3, file)) for file in files])
            engine.register(name, relation)
        found = engine.execute(statement.sql)
        columns = [(column[0], _type(str(column[1]))) for column in found.description or []]
        return Result(columns, [[_text(value) for value in row] for row in found.fetchall()], scanned)


def _look_up(scan: Scan, glue: Any, s3: Any) -> tuple[JsonTable, list[File]]:
    try:
        table = glue.get_table(DatabaseName=scan.database, Name=scan.table)["Table"]
    except glue.exceptions.EntityNotFoundException as error:
        missing = f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{scan.database}.{scan.table}' does not exist"
        raise QueryFailed(missing) from error
    files = [file for partition in partitions(table, scan.constraints) for file in files_of(s3, partition)]
    return JsonTable(table), files


def _reason(error: ClientError) -> str:
    failed = error.response["Error"]
    return f"{failed['Code']}: {failed.get('Message', '')} ({error.operation_name})"


def _type(duckdb_type: str) -> str:
    if duckdb_type.endswith("]"):
        return "array"
    name = duckdb_type.partition("(")[0]
    found = _TYPES.get(name) or {"STRUCT": "row", "DECIMAL": "decimal"}.get(name)
    if not found:
        raise QueryFailed(f"NOT_SUPPORTED: the twin's Athena has no column of type {duckdb_type} in a result.")
    return found


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_inner(one) for one in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}={_inner(one)}' for name, one in value.items())}}}"
    return str(value)


def _inner(value: Any) -> str:
    text = _text(value)
    return "null" if text is None else text
