"""The lineage holds all that a run settled, measured and deployed, and the hashes of the files behind it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.record.handler import handle
from lambdas.shared.errors import AccessDenied

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context


def test_everything_that_is_passed_is_kept_with_the_hashes_of_the_files(
    cloud: Cloud, context: Context, run: dict[str, Any]
) -> None:
    cloud.put("curated", "news/run=run-7/manifest.json", {"kept": 3})
    cloud.put("curated", "news/run=run-7/train/part-00000.jsonl", {})
    cloud.put("models", "run=run-7/candidates/0.json", {"value": 1})
    cloud.put("models", "run=run-7/evaluation/evaluation.json", {"loss": 1})
    cloud.put("models", "run=run-77/evaluation/evaluation.json", {"loss": 2})

    result = handle({"run": run, "data": {"kept": 3}, "comparison": None, "target": {"kind": "x"}}, context)

    assert result == {"lineage_key": "run=run-7/lineage.json"}
    lineage = cloud.document("models", "run=run-7/lineage.json")
    assert lineage["run_id"] == "run-7"
    assert lineage["run"] == run
    assert (lineage["data"], lineage["comparison"], lineage["target"]) == ({"kept": 3}, None, {"kind": "x"})
    assert [file["uri"] for file in lineage["files"]] == [
        "s3://curated/news/run=run-7/manifest.json",
        "s3://models/run=run-7/candidates/0.json",
        "s3://models/run=run-7/evaluation/evaluation.json",
    ]
    content = cloud.objects["models", "run=run-7/evaluation/evaluation.json"]
    assert lineage["files"][2]["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_run_without_tuning_has_no_evaluation_to_hash(cloud: Cloud, context: Context, run: dict[str, Any]) -> None:
    cloud.put("curated", "news/run=run-7/manifest.json", {})

    handle({"run": run}, context)

    assert len(cloud.document("models", "run=run-7/lineage.json")["files"]) == 1


def test_a_lineage_that_cannot_be_written_fails_the_run(cloud: Cloud, context: Context, run: dict[str, Any]) -> None:
    cloud.refuse("s3", "PutObject", "AccessDenied", "not authorized to perform: s3:PutObject on resource: arn:x")

    with pytest.raises(AccessDenied, match="s3:PutObject on resource: arn:x"):
        handle({"run": run}, context)
