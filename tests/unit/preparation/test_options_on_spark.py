"""What settings can ask for beyond the default, all of it together, on Spark: languages, harmful content, labels with
their share on each side, a test set of one's own, and files that join an earlier run."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.unit.preparation.glue_job import GlueJob, arguments
from tests.unit.preparation.local_s3 import S3, local_s3

PROSE = (
    "the server answers slowly when many people ask for their letters in the morning and nobody knows why this happens "
    "because every machine looks healthy while customers wait longer than they should before anything comes back so we "
    "would like someone to find out whether old records are read again each time a page is opened"
)
GERMAN = "Der Server antwortet langsam, wenn morgens viele Leute nach ihren Briefen fragen, und niemand weiß, warum."
FOUL = "You are a stupid cunt and nobody wants to read your shit."
LABELS = ("question", "complaint", "praise")


def letter(number: int) -> str:
    return " ".join(random.Random(number).choices(PROSE.split(), k=30))


def line(text: str, label: str = "question") -> bytes:
    return json.dumps({"documentation": text, "summary": f"a {label}"}).encode() + b"\n"


def letters(numbers: range) -> bytes:
    return b"".join(line(letter(number), LABELS[number % 3]) for number in numbers)


GOLDEN = letters(range(1000, 1010))
OLD = letters(range(150)) + line(GERMAN) + line(FOUL) + line(letter(1000)) + line(f"{letter(1001)} at once")
NEW = letters(range(120, 180)) + line(f"{letter(0)} at once") + line(f"{letter(1002)} at once") + b"broken\n"


@pytest.fixture(scope="module")
def options(module_settings: dict[str, Any]) -> dict[str, Any]:
    document = deepcopy(module_settings)
    data = document["data"]
    data |= {"languages": ["en"], "harmful": "drop", "evaluation_set": "golden"}
    data["split"] |= {"stratify": "target"}
    return document


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any]) -> Iterator[S3]:
    """An S3 in which one run is prepared, then a file comes and a second run adds it."""
    with local_s3(tmp_path_factory.mktemp("emulator")) as started:
        job = GlueJob.packed(tmp_path_factory.mktemp("glue"), started.environment)
        started.put({"letters/a.jsonl": OLD, "golden/a.jsonl": GOLDEN})
        run(job, options, "first")
        started.put({"letters/b.jsonl": NEW})
        added = deepcopy(options)
        added["data"]["base_run"] = "latest"
        run(job, added, "second")
        yield started


def run(job: GlueJob, settings: dict[str, Any], run_id: str) -> None:
    status, _ = job.run(arguments(settings, run_id, "letters"))
    assert status == 0, job.errors


def manifest(s3: S3, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(s3.read("curated", f"letters/run={run_id}/manifest.json"))
    return found


def sides(s3: S3, run_id: str) -> dict[str, dict[str, str]]:
    """Of each side of a run, the targets of its records by their texts."""
    return {
        side: {
            row["messages"][0]["content"].removeprefix("Summarize.").strip(): row["messages"][1]["content"]
            for row in s3.records("curated", f"letters/run={run_id}/{side}/")
        }
        for side in ("train", "validation", "test")
    }


def test_each_option_refuses_what_it_is_for(s3: S3) -> None:
    assert manifest(s3, "first")["rejected"] == {"contaminated": 2, "harmful": 1, "other_language": 1}
    assert manifest(s3, "first")["kept"] == 150 + 10


def test_the_test_set_is_the_users_own_and_all_of_it(s3: S3) -> None:
    golden = {letter(number) for number in range(1000, 1010)}
    for run_id in ("first", "second"):
        assert set(sides(s3, run_id)["test"]) == golden


def test_each_label_has_its_share_on_each_side(s3: S3) -> None:
    divided = sides(s3, "first")
    assert Counter(divided["validation"].values()) == {f"a {label}": 10 for label in LABELS}
    assert Counter(divided["train"].values()) == {f"a {label}": 40 for label in LABELS}


def test_what_an_earlier_run_has_kept_stays_where_it_is(s3: S3) -> None:
    first, second = sides(s3, "first"), sides(s3, "second")
    for side in first:
        assert first[side].items() <= second[side].items()
    assert manifest(s3, "second")["base_run"] == "first"
    assert manifest(s3, "second")["carried_over"] == 150 + 10


def test_of_the_new_file_only_what_is_new_comes_in(s3: S3) -> None:
    joined = manifest(s3, "second")
    assert joined["rejected"] == {"contaminated": 1, "duplicate": 30, "near_duplicate": 1, "not_json": 1}
    assert joined["kept"] == 150 + 10 + 30
    quarantine = s3.records("quarantine", "letters/run=second/")
    assert {row["source"]["key"] for row in quarantine} == {"letters/b.jsonl"}
