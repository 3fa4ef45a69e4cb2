"""A run goes on only when every record is accounted for and there are enough of them."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.check_data.handler import (
    CountsDoNotBalance,
    CuratedFilesMissing,
    ManifestMissing,
    NoUsableRecords,
    handle,
)
from lambdas.check_data.manifest import InvalidManifest
from lambdas.shared.errors import InvalidEvent, TooFewRecords
from lambdas.shared.run import run_of
from lambdas.shared.split import FEWEST_MEASURED, FEWEST_TESTED, Short, Split

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

PREFIX = "news/run=run-7/"
MANIFEST: dict[str, Any] = {
    "run_id": "run-7",
    "dataset": "news",
    "input": 46,
    "kept": 40,
    "rejected": {"empty": 4, "duplicate": 2},
    "splits": {"train": 19, "validation": 5, "test": 16},
    "redacted": {"email": 3},
    "stages": [
        {"name": "parse", "input": 46, "kept": 42, "rejected": {"empty": 4}},
        {"name": "deduplicate", "input": 42, "kept": 40, "rejected": {"duplicate": 2}},
    ],
    "files": [
        {"key": f"{PREFIX}train/part-00000.jsonl", "sha256": "a", "records": 19},
        {"key": f"{PREFIX}validation/part-00000.jsonl", "sha256": "b", "records": 5},
        {"key": f"{PREFIX}test/part-00000.jsonl", "sha256": "c", "records": 16},
    ],
    "settings": {},
    "settings_sha256": "d",
}
NEEDED = {"validation": FEWEST_MEASURED, "test": FEWEST_TESTED}
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
        "input": 46,
        "kept": 40,
        "rejected": {"empty": 4, "duplicate": 2},
        "splits": {"train": 19, "validation": 5, "test": 16},
        "redacted": {"email": 3},
        "manifest_key": f"{PREFIX}manifest.json",
        "settings_sha256": "d",
    }


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda m: m.update(input=47), "records kept and rejected: 46 where 47 are due"),
        (lambda m: m["rejected"].update(empty=5), "records kept and rejected: 47 where 46 are due"),
        (lambda m: m["splits"].update(test=17), "records in the splits: 41 where 40 are due"),
        (lambda m: m["files"][0].update(records=18), "records in the files: 39 where 40 are due"),
        (lambda m: m["stages"][1].update(kept=39), "by stage deduplicate: 41 where 42 are due"),
        (lambda m: m["stages"][1].update(input=41, kept=39), "taken by stage deduplicate: 41 where 42 are due"),
        (lambda m: m["stages"][0].update(input=45, kept=41), "taken by stage parse: 45 where 46 are due"),
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
        "input": 20,
        "kept": 0,
        "rejected": {"empty": 3, "not_json": 17},
        "splits": {"train": 0, "validation": 0, "test": 0},
        "stages": [{"name": "parse", "input": 20, "kept": 0, "rejected": {"empty": 3, "not_json": 17}}],
        "files": [],
    }

    with pytest.raises(NoUsableRecords, match="None of 20 records is usable: 17 not_json, 3 empty") as caught:
        check(manifest)
    assert "quarantine" in str(caught.value)


def test_too_few_records_stop_the_run_and_it_says_how_many_would_do(
    check: Check, manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    run["minimum_records"] = 41

    with pytest.raises(TooFewRecords, match=r"40 of 46 records are usable and 41 are needed: 4 empty, 2 dup") as caught:
        check(manifest)
    # Of 46, 40 were usable, and so of 48 about 41.7 will be.
    assert "Bring about 48 records" in str(caught.value)
    assert "set data.minimum_records to 40 or less" in str(caught.value)


def test_exactly_enough_records_pass(check: Check, manifest: dict[str, Any], run: dict[str, Any]) -> None:
    run["minimum_records"] = 40

    assert check(manifest)["kept"] == 40


def of_kept(manifest: dict[str, Any], kept: int) -> dict[str, Any]:
    """The manifest with so many records, none of them rejected."""
    one = {"name": "parse", "input": kept, "kept": kept, "rejected": {}}
    return manifest | {"input": kept, "kept": kept, "rejected": {}, "stages": [one]}


def divided(manifest: dict[str, Any], train: int, validation: int, test: int) -> dict[str, Any]:
    """The manifest with its records divided otherwise."""
    manifest["splits"] = {"train": train, "validation": validation, "test": test}
    for file, records in zip(manifest["files"], (train, validation, test), strict=True):
        file["records"] = records
    return manifest


def test_every_side_that_holds_too_few_is_named_with_what_to_set_and_how_many_records_would_do(
    check: Check, manifest: dict[str, Any]
) -> None:
    with pytest.raises(TooFewRecords) as caught:
        check(divided(manifest, 33, 4, 3))

    told = str(caught.value)
    assert "Of 40 usable records, validation holds 4 and needs 5; test holds 3 and needs 16" in told
    assert "No data.split.validation and data.split.test would do that leaves half of the records for training" in told
    assert "bring about 265 usable records: at their 0.1 and 0.1, so many would do" in told
    assert "Or set tuning.enabled to false" in told

    with pytest.raises(TooFewRecords, match=r"Set data.split.validation to 0.3, or bring about 119 usable records"):
        check(divided(manifest, 20, 4, 16))


def test_strata_keep_their_shares_so_that_a_smaller_split_does(
    check: Check, manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    run["split"] |= {"stratify": "target"}

    with pytest.raises(TooFewRecords, match=r"Set data.split.test to 0.4, or bring about 160 usable records"):
        check(divided(manifest, 30, 5, 5))


def test_where_strata_got_less_than_their_share_more_than_now_is_advised(
    check: Check, manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    run["split"] |= {"stratify": "target"}

    with pytest.raises(TooFewRecords, match=r"Set data.split.test to 0.11, or bring about 200 usable records"):
        check(divided(of_kept(manifest, 190), 150, 25, 15))


def test_the_shares_of_two_sides_that_hold_too_few_leave_half_for_training(
    check: Check, manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    run["split"] = {"validation": 0.05, "test": 0.1, "stratify": "none"}
    with pytest.raises(TooFewRecords, match=r"No data.split.validation and data.split.test would do that leaves half"):
        check(divided(of_kept(manifest, 66), 56, 3, 7))
    with pytest.raises(TooFewRecords, match=r"Set data.split.validation to 0.13 and data.split.test to 0.29, or bring"):
        check(divided(of_kept(manifest, 92), 80, 4, 8))


def test_a_test_set_of_one_s_own_is_none_of_the_records_that_are_divided(
    check: Check, manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    run["split"] = {"validation": 0.04, "test": 0, "stratify": "none"}

    with pytest.raises(
        TooFewRecords, match=r"Set data.split.validation to 0.12, or bring about 298 usable records besi"
    ):
        check(divided(of_kept(manifest, 300), 96, 4, 200))


@given(st.data(), st.integers(30, 3000), st.sampled_from(["none", "target"]))
def test_no_share_and_no_number_of_records_is_advised_that_is_there_already(
    data: st.DataObject, kept: int, stratify: str
) -> None:
    shares = {side: data.draw(st.integers(1, 25), label=side) / 100 for side in ("validation", "test")}
    held = {"validation": data.draw(st.integers(0, 4)), "test": data.draw(st.integers(0, 20))}
    short = [Short(side, held[side], needed) for side, needed in NEEDED.items() if held[side] < needed]

    told = Split(**shares, stratify=stratify).remedy(*short, records=kept)

    advised = {side: float(share) for side, share in re.findall(r"data\.split\.(\w+) to ([\d.]+\d)", told)}
    assert all(share > shares[side] for side, share in advised.items())
    assert sum({**shares, **advised}.values()) <= 0.5 + 1e-9
    [bring] = re.findall(r"bring about ([\d,]+) usable", told)
    assert int(bring.replace(",", "")) > kept


def test_a_run_that_began_before_it_said_how_it_is_divided_goes_on_and_is_told_without_numbers(
    check: Check, manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    del run["split"]

    handed_on = run_of({"run": run})[0].document()
    assert run_of({"run": handed_on})[0].split is None
    assert check(manifest)["kept"] == 40
    with pytest.raises(TooFewRecords) as caught:
        check(divided(manifest, 34, 3, 3))
    assert "Enlarge data.split.validation and data.split.test, or the test set" in str(caught.value)


def test_where_nothing_is_tuned_nothing_is_measured_on_test(
    check: Check, manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    run["tuning_enabled"] = False

    assert check(divided(manifest, 34, 5, 1))["kept"] == 40
    with pytest.raises(TooFewRecords, match="test holds 0 and needs 1"):
        check(divided(manifest, 35, 5, 0))


def test_a_test_set_of_one_s_own_is_what_needs_more_records(
    check: Check, manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    run["split"] |= {"test": 0}

    with pytest.raises(TooFewRecords, match=r"Add records to the test set that data.evaluation_set names until 16 are"):
        check(divided(manifest, 20, 5, 15))


def test_records_that_are_all_held_out_leave_nothing_to_train_on(check: Check, manifest: dict[str, Any]) -> None:
    with pytest.raises(TooFewRecords, match=r"train holds 0 and needs 1.*Make data.split.validation and data.split.te"):
        check(divided(manifest, 0, 20, 20))


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
