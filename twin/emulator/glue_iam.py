"""Which permission a request to Glue needs. A table is judged with its database and the catalogue, as on AWS.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from twin.emulator.hooks import Permission, Request
from twin.glue.data_quality.runs import rulesets_of

_OF_THE_CATALOGUE = re.compile(r"Table|Database|Partition|ColumnStatistics")
# What operations on single things name: in the operation, in the request, in the ARN.
_KINDS = (
    (re.compile(r"(Job(Run|Runs|Bookmark)?|JobFromSourceControl|SourceControlFromJob)$"), ("JobName", "Name"), "job"),
    (re.compile(r"Crawler(Schedule)?$"), ("CrawlerName", "Name"), "crawler"),
    (re.compile(r"Trigger$"), ("Name",), "trigger"),
    (re.compile(r"Workflow(Run|Runs|RunProperties)?$"), ("Name",), "workflow"),
    (re.compile(r"DataQualityRuleset$"), ("Name",), "dataQualityRuleset"),
)


def glue_action(request: Request) -> str | None:
    """`glue:<Operation>`."""
    return f"glue:{request.operation}"


def glue_resource(request: Request) -> str:
    """The first ARN that the request is judged on."""
    return next(iter(_resources(request)), "*")


def further_resources(request: Request) -> Iterable[Permission]:
    """The same permission on the database and the tables that the request names."""
    yield from (Permission(f"glue:{request.operation}", resource) for resource in _resources(request)[1:])


def _resources(request: Request) -> list[str]:
    prefix = f"arn:aws:glue:{request.region}:{request.account}:"
    given, operation = request.parameters, request.operation or ""
    if "ResourceArn" in given:
        return [str(given["ResourceArn"])]
    if rulesets := rulesets_of(request):
        return [f"{prefix}dataQualityRuleset/{name}" for name in rulesets]
    if _OF_THE_CATALOGUE.search(operation):
        return [f"{prefix}catalog", *(f"{prefix}{one}" for one in _in_the_catalogue(given, operation))]
    for pattern, keys, kind in _KINDS:
        name = next((given[key] for key in keys if key in given), None)
        if name and pattern.search(operation):
            return [f"{prefix}{kind}/{name}"]
    return []


def _in_the_catalogue(given: dict[str, Any], operation: str) -> list[str]:
    if "Database" in operation:
        database = given.get("Name") or (given.get("DatabaseInput") or {}).get("Name")
        return [f"database/{database}"] if database else []
    if "DatabaseName" not in given:
        return []
    named = given.get("TableName") or given.get("Name") or (given.get("TableInput") or {}).get("Name") or "*"
    tables = given.get("TablesToDelete") or [named]
    return [f"database/{given['DatabaseName']}", *(f"table/{given['DatabaseName']}/{table}" for table in tables)]
