"""Which places of a table a query reads: its location, or what partition projection makes of the query's conditions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from twin.catalogue.errors import UnreadableTable

Json = dict[str, Any]


@dataclass(frozen=True)
class Partition:
    """A place in S3, and the values that its rows have in the partition columns."""

    location: str
    values: Mapping[str, str]


def partitions(table: Json, constraints: Mapping[str, Collection[str]]) -> list[Partition]:
    """The partitions of a table (as Glue describes it) that a query with these `constraints` reads.

    `constraints` holds, by column, the values that the query's WHERE admits; a column that is not in it is free.
    Raises UnreadableTable with Athena's CONSTRAINT_VIOLATION where an injected column is free.
    """
    keys = [key["Name"] for key in table.get("PartitionKeys") or []]
    location = table["StorageDescriptor"]["Location"]
    if not keys:
        return [Partition(location, {})]
    parameters = table.get("Parameters") or {}
    if parameters.get("projection.enabled", "").lower() != "true":
        raise UnreadableTable(f"The twin reads projected partitions only; table {table['Name']} has others.")
    values = [_projected(key, parameters, constraints.get(key)) for key in keys]
    template = parameters.get("storage.location.template") or _default_template(location, keys)
    return [_partition(template, dict(zip(keys, one, strict=True))) for one in product(*values)]


def _projected(column: str, parameters: Mapping[str, str], wanted: Collection[str] | None) -> list[str]:
    kind = parameters.get(f"projection.{column}.type", "").strip().lower()
    if kind == "injected":
        if wanted is None:
            raise UnreadableTable(
                f"CONSTRAINT_VIOLATION: For the injected projected partition column {column}, the WHERE clause must "
                "contain only static equality conditions, and at least one such condition must be present."
            )
        return sorted(wanted)
    if kind == "enum":
        values = parameters[f"projection.{column}.values"].split(",")
        return [value for value in values if wanted is None or value in wanted]
    raise UnreadableTable(f"The twin does not project partitions of type {kind or 'none'} (column {column}).")


def _default_template(location: str, keys: list[str]) -> str:
    return "/".join([location.rstrip("/"), *(f"{key}=${{{key}}}" for key in keys)]) + "/"


def _partition(template: str, values: dict[str, str]) -> Partition:
    location = template
    for key, value in values.items():
        location = location.replace(f"${{{key}}}", value)
    return Partition(location if location.endswith("/") else f"{location}/", values)
