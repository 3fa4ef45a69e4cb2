"""The manifest: balance, commit, and what a second start finds."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.preparation.errors import CountsDoNotBalance, RunAlreadyCommitted
from pipelines.preparation.inputs import read_inputs
from pipelines.preparation.manifest import build_manifest, check_balance, clear_or_recognise, commit, source_of_run
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.settings import Columns
from pipelines.preparation.storage import Bucket, StoredObject
from tests.unit.preparation.conftest import SETTINGS

FILES = {
    "a.jsonl": b"".join(
        json.dumps({"documentation": f"{text} in more than five words", "summary": "the summary"}).encode() + b"\n"
        for text in ("one", "two", "two", "three", "write to a@example.com")
    )
    + b"\nnot json\n"
}
OBJECTS = [StoredObject("a.jsonl", 9, "e1")]
COLUMNS = Columns("documentation", "summary")


def source(objects: list[StoredObject] = OBJECTS, **settings: object) -> dict[str, Any]:
    return source_of_run(
        objects,
        ["a.doc"],
        {"task": SETTINGS["task"], "data": {**SETTINGS["data"], "columns": None, **settings}},
        COLUMNS,
    )


SOURCE = source()


@pytest.fixture
def written(prepare: Callable[..., tuple[Written, Destination]]) -> Written:
    return prepare(FILES)[0]


@pytest.fixture
def destination(bucket: Callable[..., Bucket]) -> Destination:
    return Destination(bucket(), bucket(), "d/run=1/")


def test_the_manifest_accounts_for_every_record_at_every_stage(written: Written) -> None:
    check_balance(written, counted_lines=7)
    manifest = build_manifest("1", "d", written, SOURCE)
    assert (manifest["input"], manifest["kept"]) == (7, 4)
    assert manifest["rejected"] == {"duplicate": 1, "empty": 1, "not_json": 1}
    assert manifest["input"] == manifest["kept"] + sum(manifest["rejected"].values())
    assert sum(manifest["splits"].values()) == manifest["kept"]
    assert manifest["redacted"] == {"email": 1}
    assert [(stage["name"], stage["input"], stage["kept"]) for stage in manifest["stages"]] == [
        ("parse", 7, 5),
        ("clean", 5, 5),
        ("filter", 5, 5),
        ("personal_data", 5, 5),
        ("deduplicate", 5, 4),
        ("near_duplicates", 4, 4),
    ]
    assert sum(part["records"] for part in manifest["files"]) == 4
    assert all(set(part) == {"key", "sha256", "records"} for part in manifest["files"])
    assert manifest["skipped_files"] == {"count": 1, "first": ["a.doc"]}
    columns = {"text": "documentation", "target": "summary", "messages": "", "rejected": ""}
    assert manifest["columns"] == {**columns, "inferred": True}


def lose_a_line(written: Written) -> None:
    written.tally.stages["parse"].input -= 1


def lose_between_stages(written: Written) -> None:
    count = written.tally.stages["clean"]
    count.input, count.kept = count.input - 1, count.kept - 1


def lose_a_curated_record(written: Written) -> None:
    written.splits["train"] -= 1


def lose_from_the_profile(written: Written) -> None:
    written.profile.splits["train"] -= 1


def lose_a_quarantine_record(written: Written) -> None:
    written.rejected["duplicate"] -= 1


def lose_a_part(written: Written) -> None:
    written.curated_files.pop()


def change_a_reason(written: Written) -> None:
    written.rejected["empty"] -= 1
    written.rejected["not_json"] += 1


@pytest.mark.parametrize(
    "damage",
    [
        lose_a_line,
        lose_between_stages,
        lose_a_curated_record,
        lose_from_the_profile,
        lose_a_quarantine_record,
        lose_a_part,
        change_a_reason,
    ],
)
def test_a_lost_record_anywhere_stops_the_run_before_it_is_committed(
    written: Written, damage: Callable[[Written], None]
) -> None:
    damaged = copy.deepcopy(written)
    damage(damaged)
    with pytest.raises(CountsDoNotBalance, match="Nothing was committed"):
        check_balance(damaged, counted_lines=0)


def test_lines_that_were_counted_but_not_read_stop_the_run(written: Written) -> None:
    with pytest.raises(CountsDoNotBalance, match="8 lines were counted, but 7 were read"):
        check_balance(written, counted_lines=8)


def test_leftovers_of_an_attempt_that_did_not_commit_are_cleared(destination: Destination) -> None:
    destination.curated.put("d/run=1/train/part-00009.jsonl", b"x", "")
    destination.quarantine.put("d/run=1/reason=empty/part-00000.jsonl", b"x", "")
    destination.curated.put("d/run=10/train/part-00000.jsonl", b"x", "")
    assert clear_or_recognise(destination, SOURCE) is False
    assert [stored.key for stored in destination.curated.objects("")] == ["d/run=10/train/part-00000.jsonl"]
    assert destination.quarantine.objects("") == []


def test_a_retry_of_a_committed_run_is_recognised_and_leaves_it_alone(
    destination: Destination, written: Written
) -> None:
    destination.curated.put("d/run=1/train/part-00000.jsonl", b"x", "")
    commit(destination, build_manifest("1", "d", written, SOURCE), OBJECTS)
    assert clear_or_recognise(destination, SOURCE) is True
    assert [stored.key for stored in destination.curated.objects("")] == [
        f"d/run=1/{name}" for name in ("data_card.html", "inputs.jsonl", "manifest.json", "train/part-00000.jsonl")
    ]
    assert read_inputs(destination.curated, "d/run=1/") == OBJECTS


def test_a_run_of_a_job_that_knew_no_rejected_answers_is_recognised(destination: Destination, written: Written) -> None:
    manifest = build_manifest("1", "d", written, SOURCE)
    manifest["columns"] = {name: value for name, value in manifest["columns"].items() if name != "rejected"}
    commit(destination, manifest, OBJECTS)
    assert clear_or_recognise(destination, SOURCE) is True


@pytest.mark.parametrize(
    "other",
    [
        source([StoredObject("a.jsonl", 9, "e2")]),
        source(personal_data="drop"),
    ],
    ids=["other data", "other settings"],
)
def test_a_run_id_is_not_used_twice(destination: Destination, written: Written, other: dict[str, Any]) -> None:
    commit(destination, build_manifest("1", "d", written, SOURCE), OBJECTS)
    with pytest.raises(RunAlreadyCommitted, match="Start a run with an id of its own"):
        clear_or_recognise(destination, other)
