"""A run goes on only when every record is accounted for and there are enough of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.check_data.handler import (
    CountsDoNotBalance,
    CuratedFilesMissing,
    ManifestMissing,
    NoUsableRecords,
    handle,
)
from lambdas.check_data.manifest import InvalidManifest
from lambdas.shared.errors import InvalidEvent, TooFewRecords

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

PREFIX = "news/run=run-7/"
MANIFEST: dict[str, Any] = {
    "run_id": "run-7",
    "dataset": "news",
    "input": 20,
    "kept": 14,
    "rejected": {"empty": 4, "duplicate": 2},
    "splits": {"train": 10, "validation": 2, "test": 2},
    "redacted": {"email": 3},
    "stages": [
        {"name": "parse", "input": 20, "kept": 16, "rejected": {"empty": 4}},
        {"name": "deduplicate", "input": 16, "kept": 14, "rejected": {"duplicate": 2}},
    ],
    "files": [
        {"key": f"{PREFIX}train/part-00000.jsonl", "sha256": "a", "records": 10},
        {"key": f"{PREFIX}validation/part-00000.jsonl", "sha256": "b", "records": 2},
        {"key": f"{PREFIX}test/part-00000.jsonl", "sha256": "c", "records": 2},
    ],
    "settings": {},
    "settings_sha256": "d",
}
Check = Callable[..., dict[str, Any]]


@pytest.fixture
def manifest() -> dict[str, Any]:
    return copy.deepcopy(MANIFEST)


@pytest.fixture
def check(cloud: Cloud, context: Context, run: dict[str, Any]) -> Check:
    """Check a manifest; its files exist unless they are named as missing."""

    def start(manifest: dict[str, Any] | None, missing: str = "") -> dict[str, Any]:
        if manifest is not None:
            cloud.put("curated", f"{PREFIX}manifest.json", manifest)
        for file in MANIFEST["files"]:
            if file["key"] != missing:
                cloud.put("curated", file["key"], {})
        return handle({"run": run}, context)

    return start


def test_balanced_counts_pass_and_are_given_on(check: Check, manifest: dict[str, Any]) -> None:
    assert check(manifest) == {
        "input": 20,
        "kept": 14,
        "rejected": {"empty": 4, "duplicate": 2},
        "splits": {"train": 10, "validation": 2, "test": 2},
        "redacted": {"email": 3},
        "manifest_key": f"{PREFIX}manifest.json",
        "settings_sha256": "d",
    }


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda m: m.update(input=21), "records kept and rejected: 20 where 21 are due"),
        (lambda m: m["rejected"].update(empty=5), "records kept and rejected: 21 where 20 are due"),
        (lambda m: m["splits"].update(test=3), "records in the splits: 15 where 14 are due"),
        (lambda m: m["files"][0].update(records=9), "records in the files: 13 where 14 are due"),
        (lambda m: m["stages"][1].update(kept=13), "by stage deduplicate: 15 where 16 are due"),
        (lambda m: m["stages"][1].update(input=15, kept=13), "taken by stage deduplicate: 15 where 16 are due"),
        (lambda m: m["stages"][0].update(input=19, kept=15), "taken by stage parse: 19 where 20 are due"),
    ],
)
def test_a_record_that_nobody_accounts_for_stops_the_run(
    check: Check, manifest: dict[str, Any], spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    spoil(manifest)

    with pytest.raises(CountsDoNotBalance, match=message):
        check(manifest)


def test_data_without_a_usable_record_stops_the_run_and_says_why_each_was_rejected(
    check: Check, manifest: dict[str, Any]
) -> None:
    manifest |= {
        "kept": 0,
        "rejected": {"empty": 3, "not_json": 17},
        "splits": {"train": 0, "validation": 0, "test": 0},
        "stages": [{"name": "parse", "input": 20, "kept": 0, "rejected": {"empty": 3, "not_json": 17}}],
        "files": [],
    }

    with pytest.raises(NoUsableRecords, match="None of 20 records is usable: 17 not_json, 3 empty") as caught:
        check(manifest)
    assert "quarantine" in str(caught.value)


def test_too_few_records_stop_the_run(check: Check, manifest: dict[str, Any], run: dict[str, Any]) -> None:
    run["minimum_records"] = 15

    with pytest.raises(TooFewRecords, match=r"14 of 20 records are usable and 15 are needed: 4 empty, 2 duplicate"):
        check(manifest)


def test_exactly_enough_records_pass(check: Check, manifest: dict[str, Any], run: dict[str, Any]) -> None:
    run["minimum_records"] = 14

    assert check(manifest)["kept"] == 14


def test_a_split_without_a_record_stops_the_run(check: Check, manifest: dict[str, Any]) -> None:
    manifest["splits"] = {"train": 14, "validation": 0, "test": 0}

    with pytest.raises(TooFewRecords, match="validation and test got no record of 14"):
        check(manifest)


def test_a_listed_file_that_is_not_there_stops_the_run(check: Check, manifest: dict[str, Any]) -> None:
    gone = f"{PREFIX}test/part-00000.jsonl"

    with pytest.raises(CuratedFilesMissing, match=f"1 of 3 files are missing, the first is {gone}"):
        check(manifest, missing=gone)


def test_a_run_without_its_commit_marker_is_not_used(check: Check) -> None:
    with pytest.raises(ManifestMissing, match=r"s3://curated/news/run=run-7/manifest.json"):
        check(None)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda m: m.pop("kept"), "'kept' is missing"),
        (lambda m: m.update(kept=-1), "'kept' is -1"),
        (lambda m: m["rejected"].update(empty="4"), "'empty' must be a number, not a string"),
        (lambda m: m.update(files={}), "'files' must be a list"),
    ],
)
def test_a_damaged_manifest_is_named_as_such(
    check: Check, manifest: dict[str, Any], spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    spoil(manifest)

    with pytest.raises(InvalidManifest, match=message):
        check(manifest)


def test_an_event_without_a_run_is_refused(cloud: Cloud, context: Context) -> None:
    with pytest.raises(InvalidEvent, match="'run' is missing"):
        handle({}, context)
