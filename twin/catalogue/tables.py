"""What a query reads: the rows of a table's files in S3, as the caller may read them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from twin.catalogue.errors import UnreadableTable
from twin.catalogue.partitions import Partition, partitions
from twin.catalogue.types import HiveType, hive_type

Json = dict[str, Any]
_SERDES = ("org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe")
PATH = "$path"


@dataclass(frozen=True)
class File:
    """An object of a table, and the partition that it lies in."""

    bucket: str
    key: str
    size: int
    partition: Partition


class JsonTable:
    """A table of JSON lines, as the Glue catalogue describes it.

    Raises UnreadableTable for a table of another format.
    """

    def __init__(self, table: Json) -> None:
        storage = table["StorageDescriptor"]
        serde = storage.get("SerdeInfo", {})
        if serde.get("SerializationLibrary") not in _SERDES:
            raise UnreadableTable(
                f"The twin reads tables of JSON lines; table {table['Name']} has the SerDe "
                f"{serde.get('SerializationLibrary', 'none')}."
            )
        given = serde.get("Parameters") or {}  # a SerDe's properties stand nowhere else
        self._ignore_malformed = str(given.get("ignore.malformed.json", "")).lower() == "true"
        self._columns = {column["Name"].lower(): hive_type(column["Type"]) for column in storage["Columns"]}
        self._keys = {key["Name"].lower(): hive_type(key["Type"]) for key in table.get("PartitionKeys") or []}

    @property
    def columns(self) -> list[str]:
        """Names of the columns, without the partitions'."""
        return list(self._columns)

    def rows(self, content: bytes, place: str) -> Iterator[Json]:
        """The rows of a file's content; a malformed line is a row without values, where the table says so.

        Raises UnreadableTable HIVE_CURSOR_ERROR for a malformed line otherwise.
        """
        lines = content.split(b"\n")
        for line in lines[:-1] if not lines[-1] else lines:
            record = self._record(line, place)
            yield {name: kind.read(record.get(name)) for name, kind in self._columns.items()}

    def relation(self, files: Sequence[tuple[File, bytes]]) -> pa.Table:
        """The rows of all files with the values of their partitions, and the `$path` of each."""
        rows: list[Json] = []
        for file, content in files:
            place = f"s3://{file.bucket}/{file.key}"
            of_file = {**{name: kind.read(file.partition.values[name]) for name, kind in self._keys.items()}}
            rows += ({**row, **of_file, PATH: place} for row in self.rows(content, place))
        kinds: Mapping[str, HiveType] = {**self._columns, **self._keys, PATH: HiveType("string")}
        return pa.Table.from_pylist(rows, schema=pa.schema([(name, kind.arrow) for name, kind in kinds.items()]))

    def _record(self, line: bytes, place: str) -> Json:
        try:
            record = json.loads(line)
            return {name.lower(): value for name, value in record.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            if self._ignore_malformed:
                return {}
            raise UnreadableTable(f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object ({place})") from error


def files_of(s3: Any, partition: Partition) -> Iterator[File]:
    """The objects of a partition; hidden ones, whose name begins with `_` or `.`, are no data."""
    address = urlsplit(partition.location)
    prefix = address.path.lstrip("/")
    prefix = f"{prefix.rstrip('/')}/" if prefix else ""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=address.netloc, Prefix=prefix):
        for found in page.get("Contents", []):
            name = found["Key"].removeprefix(prefix)
            if name and not name.endswith("/") and not any(part[0] in "_." for part in name.split("/") if part):
                yield File(address.netloc, found["Key"], found["Size"], partition)


def content_of(s3: Any, file: File) -> bytes:
    """An object's content, decompressed where its name ends in .gz.

    Raises UnreadableTable for a broken archive.
    """
    content: bytes = s3.get_object(Bucket=file.bucket, Key=file.key)["Body"].read()
    if not file.key.endswith(".gz"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableTable(f"HIVE_CURSOR_ERROR: s3://{file.bucket}/{file.key} is no gzip file: {error}") from error


def read_table(glue: Any, s3: Any, database: str, name: str) -> tuple[JsonTable, list[Json]]:
    """A table of the catalogue that has no partitions, and all of its rows.

    Raises UnreadableTable.
    """
    described = glue.get_table(DatabaseName=database, Name=name)["Table"]
    table = JsonTable(described)
    rows: list[Json] = []
    for partition in partitions(described, {}):
        for file in files_of(s3, partition):
            rows += table.rows(content_of(s3, file), f"s3://{file.bucket}/{file.key}")
    return table, rows
