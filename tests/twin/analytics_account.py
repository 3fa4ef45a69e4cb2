"""The catalogue and the named queries of the synthesized templates, deployed over buckets of a test's own."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tests.synth.synthesized import twin_assembly
from tests.twin.helpers import Json, unique, wait_until
from tests.twin.stack import Stack
from twin.emulator import Emulator

CATALOGUE = ("AWS::Glue::Database", "AWS::Glue::Table")
QUERIES = (*CATALOGUE, "AWS::Athena::WorkGroup", "AWS::Athena::NamedQuery")
QUALITY = (*CATALOGUE, "AWS::Glue::DataQualityRuleset")
DATASET = "aws-api-documentation"
_BUCKET = re.compile(r"(Raw|Curated|Quarantine|QueryResults)Bucket")


@dataclass(frozen=True)
class Analytics:
    """Buckets, the database over them, and what else was deployed: named queries by name, rulesets.

    The names are those of the templates: delete the `stack` before another test deploys them.
    """

    emulator: Emulator
    stack: Stack
    buckets: dict[str, str]
    database: str
    workgroup: str
    ruleset: str
    queries: dict[str, Json]

    def put(self, bucket: str, key: str, records: Iterable[Any]) -> None:
        """Write an object of JSON lines; a line that is text already stays as it is."""
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        body = "".join(f"{line}\n" for line in lines).encode()
        self.emulator.client("s3").put_object(Bucket=self.buckets[bucket], Key=f"{DATASET}/{key}", Body=body)

    def ask(self, name: str, *parameters: str, client: Any = None) -> list[Json]:
        """Run a named query with text parameters, and return its rows."""
        quoted = ["'" + value.replace("'", "''") + "'" for value in parameters]
        return self.rows(self.run(self.queries[name]["QueryString"], *quoted, client=client), client)

    def run(self, sql: str, *parameters: str, client: Any = None) -> Json:
        """Run a query to its end; what GetQueryExecution then says."""
        athena = client or self.emulator.client("athena")
        given = {"ExecutionParameters": list(parameters)} if parameters else {}
        key = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            WorkGroup=self.workgroup,
            **given,
        )["QueryExecutionId"]
        found: Json = wait_until(
            lambda: athena.get_query_execution(QueryExecutionId=key)["QueryExecution"],
            lambda execution: execution["Status"]["State"] != "RUNNING",
        )
        return found

    def rows(self, execution: Json, client: Any = None) -> list[Json]:
        """The result's rows: numbers as such, NULL as None."""
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        athena = client or self.emulator.client("athena")
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution["QueryExecutionId"])
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
        names = [cell["VarCharValue"] for cell in rows[0]]
        values = [[_value(cell.get("VarCharValue")) for cell in row] for row in rows[1:]]
        return [dict(zip(names, row, strict=True)) for row in values]

    def csv_rows(self, execution: Json) -> list[list[str]]:
        """The result as it lies in S3."""
        bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
        body = self.emulator.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        return list(csv.reader(io.StringIO(body)))


def deploy(emulator: Emulator, types: Collection[str] = QUERIES) -> Analytics:
    """Deploy the resources of these types out of the templates of the environment `twin`."""
    buckets = {name: unique(name.lower()) for name in ("Raw", "Curated", "Quarantine", "QueryResults")}
    for bucket in buckets.values():
        emulator.client("s3").create_bucket(Bucket=bucket)
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    resources: Json = {}
    for step in ("DataPreparation", "Analytics"):
        template = twin_assembly().templates[f"Fourfold-twin-{step}"]
        found = {name: body for name, body in template["Resources"].items() if body["Type"] in types}
        resources |= {name: _resolved(body, buckets, key) for name, body in found.items()}
    stack = Stack(emulator)
    assert stack.create(**resources)["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    names = {body["Type"]: body["Properties"].get("Name", "") for body in resources.values()}
    workgroup = names.get("AWS::Athena::WorkGroup", "")
    (database,) = (
        body["Properties"]["DatabaseInput"]["Name"]
        for body in resources.values()
        if body["Type"] == "AWS::Glue::Database"
    )
    ruleset = names.get("AWS::Glue::DataQualityRuleset", "")
    return Analytics(emulator, stack, buckets, database, workgroup, ruleset, _queries(emulator, workgroup))


def _queries(emulator: Emulator, workgroup: str) -> dict[str, Json]:
    if not workgroup:
        return {}
    athena = emulator.client("athena")
    ids = athena.list_named_queries(WorkGroup=workgroup)["NamedQueryIds"]
    return {query["Name"]: query for query in athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]}


def _resolved(value: Any, buckets: dict[str, str], key: str) -> Any:
    """A resource with the names of our buckets and key for what it takes from other stacks."""
    if isinstance(value, list):
        return [_resolved(inner, buckets, key) for inner in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::ImportValue"} or set(value) == {"Ref"}:
        named = next(iter(value.values()))
        if bucket := _BUCKET.search(named):
            return buckets[bucket[1]]
        return key if "Key" in named else value
    return {name: _resolved(inner, buckets, key) for name, inner in value.items()}


def _value(text: str | None) -> Any:
    if text is None or not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return text
    return float(text) if "." in text else int(text)
