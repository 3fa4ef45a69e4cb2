"""Athena in the twin: the named queries of the templates give what a plain count gives, under IAM, or say why not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin import analytics_account
from tests.twin.analytics_account import DATASET, Analytics
from tests.twin.helpers import Json, allow, unique, user_client
from tests.twin.stack import Stack
from twin.catalogue.errors import UnreadableTable
from twin.catalogue.partitions import partitions
from twin.emulator import Emulator

RUN, EARLIER = "run-2", "run-1"
LABELS = ("lists buckets", "creates a queue", "deletes a table")


def curated(number: int, *, cluster: str | None = None) -> Json:
    text = f"Summarize.\n\nText {number} " + "Grüße " * (number % 7) + ("[EMAIL] and [CARD]" if number % 3 == 0 else "")
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": LABELS[number * number % 3]}]
    source = {"key": f"{DATASET}/{'ab'[number % 2]}.jsonl", "line": number}
    return {
        "record_id": f"{number:016x}",
        "messages": messages,
        "source": source,
        **({"cluster": cluster} if cluster else {}),
    }


def rejected(number: int, reason: str, duplicate_of: str | None = None) -> Json:
    line = {"reason": reason, "detail": "why", "source": {"key": f"{DATASET}/a.jsonl", "line": number}, "bytes": number}
    return {**line, "raw": "{…", **({"duplicate_of": duplicate_of} if duplicate_of else {})}


def text_alone(number: int) -> Json:
    """What continued pre-training reads: a record without a target has no messages."""
    source = {"key": f"{DATASET}/texts.txt", "line": number}
    return {"record_id": f"{number:016x}", "text": f"Only a text, of [EMAIL] and [CARD], {number}.", "source": source}


KEPT: dict[str, list[Json]] = {
    "train": [*(curated(n, cluster="c1" if n == 4 else None) for n in range(40)), text_alone(60)],
    "validation": [curated(n, cluster="c2" if n in (41, 42, 43) else None) for n in range(40, 47)],
    "test": [curated(n) for n in range(47, 52)],
}
REJECTED: dict[str, list[Json]] = {
    "too_short": [rejected(n, "too_short") for n in range(1, 6)],
    "not_json": [rejected(n, "not_json") for n in range(10, 13)],
    "near_duplicate": [rejected(n, "near_duplicate", "c1" if n < 27 else "c3") for n in range(20, 29)],
}
ALL = [(split, record) for split, records in KEPT.items() for record in records]


@pytest.fixture(scope="module")
def analytics(emulator: Emulator) -> Iterator[Analytics]:
    made = analytics_account.deploy(emulator)
    for split, records in KEPT.items():
        half = len(records) // 2
        for part, some in enumerate((records[:half], records[half:])):
            made.put("Curated", f"run={RUN}/{split}/part-{part:05d}.jsonl", some)
    made.put("Curated", f"run={RUN}/manifest.json", ["{", '"no table": "reads this"}'])
    made.put("Curated", f"run={EARLIER}/train/part-00000.jsonl", [curated(99)])
    for reason, records in REJECTED.items():
        made.put("Quarantine", f"run={RUN}/reason={reason}/part-00000.jsonl", records)
    made.put("Quarantine", f"run={EARLIER}/reason=too_short/part-00000.jsonl", [rejected(1, "too_short")])
    yield made
    made.stack.delete()


def content(record: Json, role: str | None = None) -> str:
    if "text" in record:
        return "" if role == "assistant" else str(record["text"])
    return "".join(message["content"] for message in record["messages"] if role in (None, message["role"]))


# ---- the named queries ----------------------------------------------------------------------------------


def test_each_named_query_is_tested_here_and_says_what_it_answers(analytics: Analytics) -> None:
    source = re.findall(r'\.ask\("(\w+)"', Path(__file__).read_text())
    assert set(analytics.queries) == set(source)
    for query in analytics.queries.values():
        assert query["QueryString"].startswith("-- ")
        assert "Parameters: " in query["Description"]


def test_tokens_by_source_counts_the_characters_that_training_reads(analytics: Analytics) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for split, record in ALL:
        expected[record["source"]["key"], split] += len(content(record))
    found = analytics.ask("tokens_by_source", DATASET, RUN)
    assert {(row["source_file"], row["split"]): row["characters"] for row in found} == dict(expected)
    assert all(abs(row["estimated_tokens"] - row["characters"] / 4) <= 0.5 for row in found)
    assert sum(row["records"] for row in found) == len(ALL)


def test_rejections_by_reason_are_those_in_quarantine(analytics: Analytics) -> None:
    found = analytics.ask("rejections_by_reason", DATASET, RUN)
    total = sum(len(records) for records in REJECTED.values())
    assert found == [
        {
            "reason": reason,
            "records": len(records),
            "percent": round(100 * len(records) / total, 1),
            "bytes": sum(record["bytes"] for record in records),
            "source_files": 1,
        }
        for reason, records in sorted(REJECTED.items(), key=lambda item: -len(item[1]))
    ]


def test_rejections_by_run_show_what_changed_between_two_runs(analytics: Analytics) -> None:
    found = analytics.ask("rejections_by_run", DATASET, EARLIER, DATASET, RUN)
    assert found[0] == {"reason": "near_duplicate", "earlier": 0, "later": 9, "change": 9}
    assert {row["reason"]: row["change"] for row in found} == {"near_duplicate": 9, "too_short": 4, "not_json": 3}


def test_length_percentiles_are_near_the_exact_ones(analytics: Analytics) -> None:
    rows = {row["split"]: row for row in analytics.ask("length_percentiles", DATASET, RUN)}
    assert set(rows) == set(KEPT)
    for split, records in KEPT.items():
        for name, role in (("prompt", "user"), ("answer", "assistant")):
            lengths = sorted(len(content(record, role)) for record in records)
            row = rows[split]
            assert row[f"{name}_max"] == lengths[-1]
            for percentile in (50, 95):
                place = percentile / 100 * (len(lengths) - 1)
                near = lengths[max(int(place) - 1, 0) : int(place) + 3]
                assert near[0] <= row[f"{name}_p{percentile}"] <= near[-1]
        assert rows[split]["records"] == len(records)


def test_frequent_answers_show_how_labels_lie_over_the_splits(analytics: Analytics) -> None:
    expected = {label: Counter(s for s, r in ALL if content(r, "assistant") == label) for label in LABELS}
    found = {row["answer"]: row for row in analytics.ask("frequent_answers", DATASET, RUN)}
    assert set(found) == {label for label in LABELS if expected[label]}
    for label, row in found.items():
        assert {split: row[split] for split in KEPT} == {split: expected[label][split] for split in KEPT}
        answers = sum("messages" in record for _, record in ALL)
        assert row["percent"] == round(100 * expected[label].total() / answers, 1)


def test_near_duplicate_clusters_count_what_is_kept_and_what_was_rejected(analytics: Analytics) -> None:
    assert analytics.ask("near_duplicate_clusters", DATASET, RUN, DATASET, RUN) == [
        {"cluster": "c1", "kept": 1, "rejected": 7, "records": 8},
        {"cluster": "c2", "kept": 3, "rejected": 0, "records": 3},
        {"cluster": "c3", "kept": 0, "rejected": 2, "records": 2},
    ]


def test_personal_data_redacted_is_counted_by_kind(analytics: Analytics) -> None:
    count = sum("[EMAIL]" in content(record) for _, record in ALL)
    assert analytics.ask("personal_data_redacted", DATASET, RUN) == [
        {"kind": kind, "replacements": count, "records": count} for kind in ("CARD", "EMAIL")
    ]


# ---- what it does as Athena does ------------------------------------------------------------------------

COUNT = "SELECT count(*) AS n FROM curated WHERE dataset = ? AND run = ?"


def count(analytics: Analytics, where: str, *parameters: str) -> int:
    (row,) = analytics.rows(analytics.run(f"SELECT count(*) AS n FROM curated WHERE {where}", *parameters))
    return int(row["n"])


def test_only_the_partitions_of_the_query_are_read(analytics: Analytics) -> None:
    whole = analytics.run(COUNT, f"'{DATASET}'", f"'{RUN}'")
    test = analytics.run(COUNT + " AND split = 'test'", f"'{DATASET}'", f"'{RUN}'")
    listed = analytics.emulator.client("s3").list_objects_v2(Bucket=analytics.buckets["Curated"])["Contents"]
    sizes = {found["Key"]: found["Size"] for found in listed}
    assert whole["Statistics"]["DataScannedInBytes"] == sum(
        size for key, size in sizes.items() if f"run={RUN}/" in key and not key.endswith("manifest.json")
    )
    assert test["Statistics"]["DataScannedInBytes"] == sum(s for key, s in sizes.items() if f"run={RUN}/test/" in key)


def test_several_runs_are_read_when_the_query_lists_them(analytics: Analytics) -> None:
    assert count(analytics, f"dataset = '{DATASET}' AND run IN ('{RUN}', '{EARLIER}', 'none')") == len(ALL) + 1


def test_a_run_that_is_not_there_has_no_rows(analytics: Analytics) -> None:
    assert count(analytics, "dataset = ? AND run = ?", f"'{DATASET}'", "'never'") == 0


def test_a_value_in_quotes_is_a_value_and_no_sql(analytics: Analytics) -> None:
    assert count(analytics, "dataset = ? AND run = ?", f"'{DATASET}'", "'x'' OR ''1''=''1'") == 0


@pytest.mark.parametrize("where", [f"dataset = '{DATASET}'", f"dataset = '{DATASET}' AND run LIKE 'run%'"])
def test_a_query_without_a_run_fails_as_on_athena(analytics: Analytics, where: str) -> None:
    found = analytics.run(f"SELECT count(*) FROM curated WHERE {where}")
    assert found["Status"]["State"] == "FAILED"
    assert (
        "CONSTRAINT_VIOLATION: For the injected projected partition column run"
        in (found["Status"]["StateChangeReason"])
    )


def test_the_result_lies_in_the_workgroups_place_encrypted_with_its_key(analytics: Analytics) -> None:
    found = analytics.run(COUNT, f"'{DATASET}'", f"'{RUN}'")
    bucket, _, key = found["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    assert bucket == analytics.buckets["QueryResults"]
    assert key == f"{found['QueryExecutionId']}.csv"
    stored = analytics.emulator.client("s3").head_object(Bucket=bucket, Key=key)
    assert stored["ServerSideEncryption"] == "aws:kms"
    assert analytics.csv_rows(found) == [["n"], [str(len(ALL))]]


def test_a_client_cannot_send_the_result_elsewhere(analytics: Analytics) -> None:
    athena = analytics.emulator.client("athena")
    started = athena.start_query_execution(
        QueryString="SELECT 1 AS one",
        WorkGroup=analytics.workgroup,
        ResultConfiguration={"OutputLocation": "s3://elsewhere/"},
    )
    found = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
    assert analytics.buckets["QueryResults"] in found["ResultConfiguration"]["OutputLocation"]


def test_the_path_of_a_row_is_that_of_its_file(analytics: Analytics) -> None:
    sql = (
        f"SELECT \"$path\" AS p, count(*) AS n FROM quarantine WHERE dataset = '{DATASET}' AND run = '{RUN}' GROUP BY 1"
    )
    found = {row["p"]: row["n"] for row in analytics.rows(analytics.run(sql))}
    prefix = f"s3://{analytics.buckets['Quarantine']}/{DATASET}/run={RUN}/"
    assert found == {f"{prefix}reason={reason}/part-00000.jsonl": len(some) for reason, some in REJECTED.items()}


@pytest.mark.parametrize(
    ("sql", "parameters", "says"),
    [
        ("SELECT FROM WHERE", [], "SYNTAX_ERROR"),
        ("DROP TABLE curated", [], "runs SELECT statements, not DROP"),
        ("SELECT 1; SELECT 2", [], "Only one sql statement"),
        (COUNT, ["'one'"], "expected 2 but found 1"),
        (COUNT, ["one", "'two'"], "one is no literal; a string stands in single quotes"),
        ("SELECT ? AS x", ["1"], "in the WHERE clause only"),
        ("SELECT list_filter(messages) FROM curated", [], "does not know list_filter"),
        ("SELECT role FROM curated CROSS JOIN UNNEST(messages) AS m(role, content)", [], "fields of rows apart"),
        ("SELECT * FROM read_text('/etc/passwd')", [], "does not know read_text"),
        ("SELECT 1 FROM elsewhere.d.t", [], "AwsDataCatalog only"),
    ],
)
def test_what_cannot_run_is_refused_with_its_reason(
    analytics: Analytics, sql: str, parameters: list[str], says: str
) -> None:
    with pytest.raises(ClientError, match=re.escape(says)):
        analytics.run(sql, *parameters)


@pytest.mark.parametrize(
    ("sql", "says"),
    [("SELECT 1 FROM missing", "TABLE_NOT_FOUND"), ("SELECT nothing FROM raw", "GENERIC_INTERNAL_ERROR")],
)
def test_what_fails_while_it_runs_says_why(analytics: Analytics, sql: str, says: str) -> None:
    found = analytics.run(sql)
    assert found["Status"]["State"] == "FAILED"
    assert says in found["Status"]["StateChangeReason"]


def test_an_operation_that_is_not_served_is_named(analytics: Analytics) -> None:
    with pytest.raises(ClientError, match="does not serve CreateWorkGroup"):
        analytics.emulator.client("athena").create_work_group(Name="other")


# ---- workgroups and named queries in CloudFormation -----------------------------------------------------

LEAST = 10_000_000  # the least cutoff that Athena takes


def workgroup(name: str, cutoff: int, results: str = "results", **settings: Any) -> Json:
    configuration = {
        "BytesScannedCutoffPerQuery": cutoff,
        "ResultConfiguration": {"OutputLocation": f"s3://{results}/"},
        **settings,
    }
    return {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": name, "WorkGroupConfiguration": configuration}}


def named_query(group: str, sql: str) -> Json:
    properties = {"Name": "one", "Database": "d", "QueryString": sql, "WorkGroup": group}
    return {"Type": "AWS::Athena::NamedQuery", "Properties": properties, "DependsOn": "Group"}


def test_a_query_that_would_read_more_than_its_workgroup_allows_is_cancelled(analytics: Analytics) -> None:
    name = unique("group")
    Stack(analytics.emulator).create(Group=workgroup(name, LEAST, analytics.buckets["QueryResults"]))
    analytics.put("Curated", "run=large/test/part-00000.jsonl", ["x" * LEAST])
    limited = replace(analytics, workgroup=name)
    found = limited.run(COUNT, f"'{DATASET}'", "'large'")
    assert (found["Status"]["State"], found["Statistics"]["DataScannedInBytes"]) == ("CANCELLED", 0)
    assert "Bytes scanned limit was exceeded" in found["Status"]["StateChangeReason"]
    assert limited.run(COUNT, f"'{DATASET}'", f"'{RUN}'")["Status"]["State"] == "SUCCEEDED"


def test_a_workgroup_is_changed_in_place_and_a_named_query_is_replaced(emulator: Emulator) -> None:
    stack, athena, name = Stack(emulator), emulator.client("athena"), unique("group")
    stack.create(Group=workgroup(name, LEAST), Query=named_query(name, "SELECT 1"))
    before = stack.reference("Query")
    stack.update(Group=workgroup(name, 2 * LEAST), Query=named_query(name, "SELECT 2"))
    configuration = athena.get_work_group(WorkGroup=name)["WorkGroup"]["Configuration"]
    assert configuration["BytesScannedCutoffPerQuery"] == 2 * LEAST
    (after,) = athena.list_named_queries(WorkGroup=name)["NamedQueryIds"]
    assert after == stack.reference("Query") != before
    assert athena.get_named_query(NamedQueryId=after)["NamedQuery"]["QueryString"] == "SELECT 2"
    assert stack.delete() == "DELETE_COMPLETE"
    assert name not in {group["Name"] for group in athena.list_work_groups()["WorkGroups"]}
    with pytest.raises(ClientError, match="not found"):
        athena.get_named_query(NamedQueryId=after)


@pytest.mark.parametrize(
    ("cutoff", "settings", "says"),
    [
        (LEAST - 1, {}, "greater than or equal to 10000000"),
        (LEAST, {"ExecutionRole": "arn"}, "ExecutionRole is not supported"),
        (LEAST, {"EngineVersion": {"SelectedEngineVersion": "PySpark engine version 3"}}, "PySpark"),
    ],
)
def test_a_workgroup_that_the_twin_cannot_honour_fails_its_stack(
    emulator: Emulator, cutoff: int, settings: Json, says: str
) -> None:
    stack = Stack(emulator)
    assert stack.create(Group=workgroup(unique("group"), cutoff, **settings))["StackStatus"].startswith("ROLLBACK")
    assert says in stack.reasons()


# ---- the raw table --------------------------------------------------------------------------------------


def test_a_broken_line_of_the_raw_data_has_no_values(analytics: Analytics) -> None:
    records = [{"Documentation": "text", "summary": 7}, "no json", {"documentation": None}, '["a list"]']
    analytics.put("Raw", "some.jsonl", records)
    analytics.put("Raw", "_SUCCESS", ["not data"])
    found = analytics.rows(analytics.run("SELECT documentation, summary FROM raw"))
    assert [(row["documentation"], row["summary"]) for row in found] == [
        ("text", 7),
        (None, None),
        (None, None),
        (None, None),
    ]


# ---- permissions ----------------------------------------------------------------------------------------

QUERY = ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"]
NEEDED = {
    "athena:StartQueryExecution": allow(QUERY),
    "glue:GetTable": allow("glue:GetTable"),
    "s3:ListBucket": allow(["s3:ListBucket", "s3:GetBucketLocation"]),
    "s3:GetObject": allow("s3:GetObject"),
    "s3:PutObject": allow("s3:PutObject"),
    "kms:GenerateDataKey": allow(["kms:GenerateDataKey", "kms:Decrypt"]),
}


def test_a_user_with_the_permissions_of_the_documentation_gets_the_rows(analytics: Analytics) -> None:
    client = user_client(analytics.emulator, "athena", *NEEDED.values())
    assert analytics.ask("rejections_by_reason", DATASET, RUN, client=client)


@pytest.mark.parametrize("missing", list(NEEDED))
def test_a_query_is_judged_as_its_caller(analytics: Analytics, missing: str) -> None:
    statements = [statement for name, statement in NEEDED.items() if name != missing]
    client = user_client(analytics.emulator, "athena", *statements)
    arguments: list[Any] = [COUNT, f"'{DATASET}'", f"'{RUN}'"]
    if missing.startswith("athena"):
        with pytest.raises(ClientError, match=missing):
            analytics.run(*arguments, client=client)
        return
    status = analytics.run(*arguments, client=client)["Status"]
    assert status["State"] == "FAILED"
    assert missing in status["StateChangeReason"]


# ---- partitions -----------------------------------------------------------------------------------------


def test_a_kind_of_partition_that_is_not_projected_is_refused_by_name() -> None:
    table = {
        "Name": "t",
        "StorageDescriptor": {"Location": "s3://b/"},
        "PartitionKeys": [{"Name": "day", "Type": "string"}],
        "Parameters": {"projection.enabled": "true", "projection.day.type": "date"},
    }
    with pytest.raises(UnreadableTable, match="does not project partitions of type date"):
        partitions(table, {})
