"""Near-duplicates stand on one side of the split, and the manifest's figure for it comes from a count."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.preparation.errors import CountsDoNotBalance
from pipelines.preparation.manifest import check_balance
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.settings import Settings
from pipelines.preparation.straddling import count_straddling
from tests.unit.preparation.increments import Workflow, bridge, record
from tests.unit.preparation.local_rdd import LocalRdd

MakeBucket = Callable[..., Any]
Prepare = Callable[..., tuple[Written, Destination]]
NEW = 8
TRAIN, VALIDATION = 1, 2


@pytest.mark.parametrize(
    ("sides", "straddling"),
    [
        ([("aa000000", TRAIN | NEW), ("aa000000", TRAIN)], 0),
        ([("aa000000", TRAIN | NEW), ("aa000000", VALIDATION | NEW)], 1),
        ([("aa000000", TRAIN | NEW), ("aa000000", VALIDATION), ("bb000000", VALIDATION | NEW)], 1),
        # Both of an earlier run, which has compared them: what hung them together is not kept.
        ([("aa000000", TRAIN), ("aa000000", VALIDATION)], 0),
    ],
)
def test_a_cluster_straddles_where_a_new_record_has_company_on_another_side(
    sides: list[tuple[str, int]], straddling: int
) -> None:
    partitions = [[one] for one in sides]
    moved: Any = LocalRdd(partitions, random.Random(1))
    assert count_straddling(moved) == straddling


def test_a_split_that_near_duplicates_straddle_is_not_committed(prepare: Prepare) -> None:
    written, _ = prepare({"d/a.jsonl": record("operation one does something to a resource")})
    check_balance(written, counted_lines=0)
    written.straddling = 1
    with pytest.raises(CountsDoNotBalance, match="1 clusters of near-duplicates are on more than one side"):
        check_balance(written, counted_lines=0)


def test_a_text_like_two_of_an_earlier_run_on_different_sides_is_refused_though_near_duplicates_are_kept(
    prepare: Prepare, bucket: MakeBucket, settings_document: dict[str, Any], settings: Settings
) -> None:
    settings_document["data"]["near_duplicates"]["action"] = "keep"
    workflow = Workflow(prepare, bucket, settings_document)
    one, other, both = bridge(settings.split)
    first = workflow.run("1", {"data/a.jsonl": record(one) + record(other)})
    assert first["near_duplicates"]["clusters"] == 0
    files = {"data/a.jsonl": record(one) + record(other), "data/b.jsonl": record(both)}
    second = workflow.run("2", files, base_run="1")
    assert second["rejected"] == {"near_duplicate": 1}
    assert second["near_duplicates"]["straddling"] == 0
    assert {name: row["split"] for name, row in workflow.rows("2").items()} == {
        name: row["split"] for name, row in workflow.rows("1").items()
    }


def test_of_what_is_dropped_the_manifest_says_that_nothing_straddles(
    prepare: Prepare, bucket: MakeBucket, settings_document: dict[str, Any]
) -> None:
    long = " ".join(f"word{number}" for number in range(40))
    manifest = Workflow(prepare, bucket, settings_document).run(
        "1", {"data/a.jsonl": record(long) + record(f"{long} x")}
    )
    assert manifest["near_duplicates"] == {
        "clusters": 1,
        "records": 2,
        "largest": 2,
        "straddling": 0,
    }
