"""The job with a limit in tokens, on Spark: the tokenizer comes from S3, and nothing too long comes through."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.formats.records import Message
from pipelines.preparation import job
from pipelines.preparation.errors import NoTokenizer
from pipelines.preparation.storage import _client
from pipelines.preparation.tokens.counting import ChatTokenizer
from tests.unit.preparation.base_model import files_in, write_tiny
from tests.unit.preparation.glue_job import GlueJob, arguments
from tests.unit.preparation.local_s3 import S3, local_s3

LIMIT = 100
WORDS = "reads every row of the table that you name and copies what it finds to places of yours".split()  # noqa: SIM905


def record(number: int) -> bytes:
    """A record of its own; each is a few words longer than the one before."""
    text = " ".join(f"{word}{number * number}" for word in WORDS[: 5 + number // 4])
    return json.dumps({"documentation": text, "summary": f"Copies rows, {number}."}).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("models") / "base/tiny")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[S3]:
    with local_s3(tmp_path_factory.mktemp("emulator")) as started:
        started.put({"d/a.jsonl": b"\n".join(map(record, range(48)))})
        started.client.create_bucket(Bucket="models")
        for path in folder.iterdir():
            started.client.put_object(Bucket="models", Key=f"base/tiny/{path.name}", Body=path.read_bytes())
        yield started


@pytest.fixture(scope="module")
def command(module_settings: dict[str, Any]) -> list[str]:
    """The job's arguments but for the base model."""
    document = json.loads(json.dumps(module_settings))
    document["data"]["filters"]["max_tokens"] = LIMIT
    return arguments(document, "one")


@pytest.fixture(scope="module")
def manifest(s3: S3, command: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest of a finished run."""
    glue_job = GlueJob.packed(tmp_path_factory.mktemp("glue"), s3.environment)
    status, _ = glue_job.run([*command, "--base_model", "s3://models/base/tiny"])
    assert status == 0, glue_job.errors
    read: dict[str, Any] = json.loads(s3.read("curated", "d/run=one/manifest.json"))
    return read


def test_what_is_written_for_training_is_within_the_limit_and_nothing_within_it_is_refused(
    s3: S3, manifest: dict[str, Any], folder: Path
) -> None:
    tokenizer = ChatTokenizer.of(files_in(folder).read(), "here")

    def count(messages: list[dict[str, str]]) -> int:
        return tokenizer.count(tokenizer.write([Message(**turn) for turn in messages]))

    splits = ("train", "validation", "test")
    kept = [count(row["messages"]) for split in splits for row in s3.records("curated", f"d/run=one/{split}/")]
    details = [row["detail"] for row in s3.records("quarantine", "d/run=one/reason=too_many_tokens/")]
    refused = [int(detail.split()[0]) for detail in details]
    assert 0 < len(kept) < 48
    assert max(kept) <= LIMIT < min(refused)
    assert len(kept) + len(refused) == 48


def test_the_manifest_counts_them_in_the_filter_and_names_the_tokenizer(manifest: dict[str, Any], folder: Path) -> None:
    (stage,) = [stage for stage in manifest["stages"] if stage["name"] == "filter"]
    assert stage["rejected"] == manifest["rejected"] == {"too_many_tokens": 48 - manifest["kept"]}
    assert manifest["tokenizer"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())
    }


@pytest.fixture
def in_process(s3: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets the job run in this process where it never comes to Spark."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    _client.cache_clear()
    yield
    _client.cache_clear()


@pytest.mark.usefixtures("in_process")
def test_a_base_model_that_has_not_been_uploaded_stops_the_job_before_spark(command: list[str]) -> None:
    with pytest.raises(NoTokenizer, match=r"s3://models/base/other/ has no tokenizer\.json"):
        job.main([*command, "--base_model", "s3://models/base/other"])


@pytest.mark.usefixtures("in_process")
def test_a_finished_run_is_recognized_by_its_tokenizer_too(
    command: list[str], manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    job.main([*command, "--base_model", "s3://models/base/tiny"])
    assert "is committed already" in capsys.readouterr().out
