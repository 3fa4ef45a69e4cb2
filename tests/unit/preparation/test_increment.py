"""Adding to an earlier run: what it kept stays, what is like it does not come in again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.preparation.errors import CountsDoNotBalance, NoBaseRun
from pipelines.preparation.increment import find_base
from pipelines.preparation.settings import Columns, Settings
from tests.unit.preparation.increments import MakeBucket, Prepare, Workflow, bridge, record

TEXTS = [f"operation number {n} does something to a resource of kind {n * n}" for n in range(30)]
LONG = "the operation reads every row of the table that you name and copies those that match to a place of yours"
OLD = {
    "data/a.jsonl": b"".join(map(record, TEXTS[:20])) + record(LONG) + record("mail to jane@example.com about it all")
}
NEW = {
    "data/b.jsonl": b"".join(map(record, TEXTS[15:]))
    + record(f"{LONG} with a tail")
    + record("mail to jane@example.com about it all")
    + b"broken\n"
}


@pytest.fixture
def workflow(prepare: Prepare, bucket: MakeBucket, settings_document: dict[str, Any]) -> Workflow:
    return Workflow(prepare, bucket, settings_document)


def test_new_files_join_and_nothing_that_is_there_comes_in_again(workflow: Workflow) -> None:
    first = workflow.run("1", OLD)
    second = workflow.run("2", {**OLD, **NEW}, base_run="1")
    assert (first["kept"], second["carried_over"], second["kept"]) == (22, 22, 32)
    assert second["rejected"] == {"duplicate": 6, "near_duplicate": 1, "not_json": 1}
    assert second["base_run"] == "1"
    before, after = workflow.rows("1"), workflow.rows("2")
    (near,) = [row["cluster"] for row in after.values() if "cluster" in row]
    before[near]["cluster"] = near  # it stands for a new record as well
    assert {name: after[name] for name in before} == before
    assert {row["source"]["key"] for name, row in after.items() if name not in before} == {"data/b.jsonl"}


def test_latest_is_the_newest_committed_run_and_the_first_run_has_none(workflow: Workflow) -> None:
    assert workflow.run("1", OLD, base_run="latest")["base_run"] is None
    assert workflow.run("2", {**OLD, **NEW}, base_run="latest")["base_run"] == "1"
    assert workflow.run("3", {**OLD, **NEW}, base_run="latest")["kept"] == 32


@hypothesis_settings(max_examples=25)
@given(cut=st.integers(0, len(TEXTS)), partitions=st.integers(1, 4), chunk_bytes=st.integers(200, 2000))
def test_added_bit_by_bit_or_at_once_the_same_texts_are_on_the_same_sides(
    prepare: Prepare, bucket: MakeBucket, module_settings: dict[str, Any], cut: int, partitions: int, chunk_bytes: int
) -> None:
    workflow = Workflow(prepare, bucket, json.loads(json.dumps(module_settings)))
    old = {"data/a.jsonl": b"".join(map(record, TEXTS[:cut]))}
    everything = {**old, "data/b.jsonl": b"".join(map(record, TEXTS[cut // 2 :]))}
    workflow.run("1", old)
    workflow.run("2", everything, base_run="1", partitions=partitions, chunk_bytes=chunk_bytes)
    workflow.run("3", everything)
    assert workflow.rows("2") == workflow.rows("3")


def test_files_that_are_gone_or_have_changed_cannot_be_added_to(workflow: Workflow) -> None:
    workflow.run("1", OLD)
    for files in (NEW, {**NEW, "data/a.jsonl": b"other\n"}):
        with pytest.raises(NoBaseRun, match=r"1 files that run 1 has read are gone or have changed.*data/a\.jsonl"):
            workflow.run("2", files, base_run="1")


def test_a_run_may_write_other_formats_than_the_one_it_adds_to(workflow: Workflow) -> None:
    kept = workflow.run("1", OLD)["kept"]
    workflow.document["data"]["outputs"] = ["chat", "bedrock-conversation"]
    assert workflow.run("2", OLD, base_run="1")["kept"] == kept


def test_a_run_of_other_settings_or_none_at_all_cannot_be_added_to(workflow: Workflow) -> None:
    workflow.run("1", OLD)
    with pytest.raises(NoBaseRun, match="There is no committed run 7"):
        workflow.run("2", {**OLD, **NEW}, base_run="7")
    workflow.document["data"]["filters"]["min_words"] = 6
    with pytest.raises(NoBaseRun, match="Run 1 was prepared by other settings"):
        workflow.run("2", {**OLD, **NEW}, base_run="1")


def test_conversations_and_texts_without_targets_are_carried_over_as_they_are(workflow: Workflow) -> None:
    turns = [
        {"role": "user", "content": "What is S3, and what does it do?"},
        {"role": "assistant", "content": "It keeps."},
    ]
    for columns, content in (({"messages": "m"}, {"m": turns}), ({"text": "t"}, {"t": "a text of six words here"})):
        workflow.buckets = workflow.bucket(), workflow.bucket()
        workflow.document["data"]["columns"] = columns
        files = {"data/a.jsonl": json.dumps(content).encode()}
        workflow.run("1", files)
        workflow.run("2", {**files, "data/b.jsonl": json.dumps(content).encode()}, base_run="1")
        assert workflow.rows("1") == workflow.rows("2") != {}


def test_a_conversation_that_begins_with_the_instruction_stays_one(workflow: Workflow) -> None:
    turns = [
        {"role": "user", "content": "Summarize.\n\nWhat is S3, and what does it do?"},
        {"role": "assistant", "content": "It keeps."},
    ]
    workflow.document["data"] |= {"columns": {"messages": "m"}, "outputs": ["chat", "bedrock-pre-training"]}
    files = {"data/a.jsonl": json.dumps({"m": turns}).encode()}
    workflow.run("1", files)
    workflow.run("2", {**files, "data/b.jsonl": b"broken"}, base_run="1")

    def written(run_id: str) -> list[bytes]:
        bucket, prefix = workflow.buckets[0], f"data/run={run_id}/bedrock-pre-training/"
        return [bucket.read(stored.key) for stored in bucket.objects(prefix)]

    assert written("1") == written("2") != []


def test_what_an_earlier_run_replaced_is_counted_again(workflow: Workflow) -> None:
    first = workflow.run("1", OLD)
    assert first["redacted"] == {"email": 1}
    assert workflow.run("2", {**OLD, **NEW}, base_run="1")["redacted"] == {"email": 1}


def test_the_columns_are_those_of_the_run_that_is_added_to(workflow: Workflow) -> None:
    workflow.run("1", OLD)
    workflow.document["data"]["base_run"] = "1"
    base = find_base(workflow.buckets[0], "data", "2", workflow.document)
    assert base is not None
    assert (base.columns, base.kept) == (Columns("documentation", "summary"), 22)


def test_records_of_the_earlier_run_that_are_not_there_any_more_are_missed(workflow: Workflow) -> None:
    workflow.run("1", OLD)
    bucket = workflow.buckets[0]
    parts = [stored.key for stored in bucket.objects("data/run=1/train/")]
    bucket.put(parts[0], b"\n".join(bucket.read(parts[0]).splitlines()[1:]), "application/jsonl")
    with pytest.raises(CountsDoNotBalance, match="22 records of the run that is added to, but 21 read"):
        workflow.run("2", {**OLD, **NEW}, base_run="1")
    bucket.delete(parts)
    with pytest.raises(NoBaseRun, match=f"of run 1 are gone, the first is s3://bucket/{parts[0]}"):
        workflow.run("2", {**OLD, **NEW}, base_run="1")


def test_a_test_record_that_is_there_stays_though_a_new_one_with_its_text_sorts_before_it(workflow: Workflow) -> None:
    workflow.document["data"]["evaluation_set"] = "golden"
    files = {**OLD, "golden/b.jsonl": record("what is asked of the model in the test", "the answer")}
    workflow.run("1", files)
    files["golden/a.jsonl"] = record("what is asked of the model in the test", "another answer")
    assert workflow.run("2", files, base_run="1")["rejected"] == {"conflicting_target": 1}
    assert workflow.rows("2") == workflow.rows("1")


def test_what_hung_together_only_by_a_refused_text_stays_apart(workflow: Workflow) -> None:
    workflow.document["data"]["near_duplicates"]["action"] = "keep"
    one, other, both = bridge(Settings.from_json(json.dumps(workflow.document)).split)
    files = {"data/a.jsonl": record(one) + record(other)}
    workflow.run("1", files)
    files["data/b.jsonl"] = record(both)
    workflow.run("2", files, base_run="1")
    assert workflow.rows("2") == workflow.rows("1")
    files["data/c.jsonl"] = record(f"{one} too")
    third = workflow.run("3", files, base_run="2")
    assert (third["kept"], third["near_duplicates"]["straddling"]) == (3, 0)


def test_near_duplicates_that_an_earlier_run_kept_stay_in_their_clusters(workflow: Workflow) -> None:
    workflow.document["data"]["near_duplicates"]["action"] = "keep"
    workflow.run("1", {"data/a.jsonl": record(LONG) + record(f"{LONG} with a tail")})
    (cluster,) = {row["cluster"] for row in workflow.rows("1").values()}
    files = {"data/a.jsonl": record(LONG) + record(f"{LONG} with a tail"), "data/b.jsonl": record(f"{LONG} so long")}
    workflow.run("2", files, base_run="1")
    rows = workflow.rows("2").values()
    assert [row["cluster"] for row in rows] == [cluster] * 3
    assert len({row["split"] for row in rows}) == 1
