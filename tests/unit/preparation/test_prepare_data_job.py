"""The job by its front door: one run on Spark against S3, with the modules in a zip as Glue gets them."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from pipelines.preparation import job
from pipelines.preparation.errors import InvalidArguments, NoInputFiles, root_cause
from pipelines.preparation.storage import _client
from tests.unit.preparation.glue_job import GlueJob, arguments
from tests.unit.preparation.local_s3 import S3, local_s3


def record(number: int, more: str = "", **columns: str) -> bytes:
    text = f"<p>Operation {number} reads the table that you name &amp; writes to user{number}@example.com.{more}</p>"
    return json.dumps({"documentation": text, "summary": f"Copies table {number}.", **columns}).encode()


BROKEN = [
    (b'{"documentation": "\xff\xfe"}', "invalid_utf8"),
    (b"{not json", "not_json"),
    (b'{"documentation": "a text without its summary"}', "missing_column"),
    (b"", "empty"),
    (b'{"documentation": "' + b"x" * 5_000_000 + b'"}', "oversized"),
]
TAIL = " What comes behind that sentence is the same in two records, so all but two of their shingles are alike."
FILES = {
    "d/a.jsonl": b"\n".join([record(0), *(line for line, _ in BROKEN), *(record(n) for n in range(1, 40))]),
    "d/b.jsonl.gz": gzip.compress(b"\n".join(record(number) for number in range(38, 60))),
    "d/c.jsonl": b"\n".join(record(number, TAIL) for number in (60, 61)),
    "d/notes.txt": b"not a data file",
    "other/a.jsonl": record(1),
}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """The emulator's S3 with the raw files in it."""
    with local_s3(tmp_path_factory.mktemp("emulator")) as started:
        started.put(FILES)
        yield started


@pytest.fixture(scope="module")
def glue_job(s3: S3, tmp_path_factory: pytest.TempPathFactory) -> GlueJob:
    """The job as Glue starts it."""
    return GlueJob.packed(tmp_path_factory.mktemp("glue"), s3.environment)


@pytest.fixture(scope="module")
def finished(s3: S3, glue_job: GlueJob, module_settings: dict[str, Any]) -> str:
    """What the job printed."""
    s3.client.put_object(Bucket="curated", Key="d/run=one/train/part-09999.jsonl", Body=b"leftover\n")
    status, printed = glue_job.run(arguments(module_settings, "one"))
    assert status == 0, glue_job.errors
    return printed


def test_every_broken_line_lies_in_quarantine_with_its_reason_and_place(s3: S3, finished: str) -> None:
    for number, (line, reason) in enumerate(BROKEN, start=2):
        (quarantined,) = s3.records("quarantine", f"d/run=one/reason={reason}/")
        assert quarantined["reason"] == reason
        assert quarantined["source"] == {"key": "d/a.jsonl", "line": number}
        assert quarantined["bytes"] == len(line)
        assert len(quarantined["raw"]) <= 64 * 1024


def test_equal_texts_of_two_files_are_kept_once(s3: S3, finished: str) -> None:
    kept = {record["record_id"]: record["source"] for record in curated(s3)}
    duplicates = s3.records("quarantine", "d/run=one/reason=duplicate/")
    assert [(kept[row["duplicate_of"]]["key"], row["source"]["key"]) for row in duplicates] == [
        ("d/a.jsonl", "d/b.jsonl.gz")
    ] * 2


def curated(s3: S3) -> list[dict[str, Any]]:
    return [row for split in ("train", "validation", "test") for row in s3.records("curated", f"d/run=one/{split}/")]


def test_curated_records_name_the_line_that_they_come_from(s3: S3, finished: str) -> None:
    rows = curated(s3)
    lines = FILES["d/a.jsonl"].split(b"\n")
    assert len(rows) == 61
    for row in rows:
        user, assistant = row["messages"]
        number = re.search(r"Operation (\d+) reads the table that you name & writes to \[EMAIL\]\.", user["content"])
        assert number
        assert assistant == {"role": "assistant", "content": f"Copies table {number[1]}."}
        if row["source"]["key"] == "d/a.jsonl":
            assert lines[row["source"]["line"] - 1] == record(int(number[1]))


def test_the_manifest_balances_and_names_every_part(s3: S3, finished: str) -> None:
    manifest = json.loads(s3.read("curated", "d/run=one/manifest.json"))
    assert (manifest["input"], manifest["kept"]) == (69, 61)
    assert manifest["rejected"] == {reason: 1 for _, reason in BROKEN} | {"duplicate": 2, "near_duplicate": 1}
    assert sum(manifest["splits"].values()) == 61
    assert manifest["redacted"] == {"email": 61}
    assert manifest["skipped_files"] == {"count": 1, "first": ["d/notes.txt"]}
    inputs = s3.read("curated", "d/run=one/inputs.jsonl")
    assert [json.loads(line)["key"] for line in inputs.splitlines()] == ["d/a.jsonl", "d/b.jsonl.gz", "d/c.jsonl"]
    assert manifest["inputs"] == {
        "files": 3,
        "bytes": sum(len(FILES[f"d/{name}"]) for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl")),
        "sha256": hashlib.sha256(inputs).hexdigest(),
    }
    assert sorted(part["key"] for part in manifest["files"]) == [
        key
        for key in s3.keys("curated", "d/run=one/")
        if key.rsplit("/", 1)[1] not in ("manifest.json", "inputs.jsonl", "data_card.html")
    ]
    assert sorted(part["key"] for part in manifest["quarantine_files"]) == s3.keys("quarantine", "d/run=one/")


def test_progress_is_printed_by_phase_up_to_the_last_task(finished: str) -> None:
    lines = [json.loads(line.removeprefix("PROGRESS ")) for line in finished.splitlines() if line[:9] == "PROGRESS "]
    phases = [line["phase"] for line in lines]
    assert list(dict.fromkeys(phases)) == ["list", "start_spark", "count_lines", "curate", "write", "commit"]
    for phase in ("curate", "write"):
        last = [line for line in lines if line["phase"] == phase][-1]
        assert last["done"] == last["total"] > 0
    assert lines[-1] == {"phase": "commit", "done": 69, "total": 69, "unit": "records"}


def begins(line: dict[str, Any], phase: str) -> bool:
    return bool(line["phase"] == phase)


def every_part_is_written(line: dict[str, Any]) -> bool:
    return bool(line["phase"] == "write" and line["done"] == line["total"])


def test_killed_in_any_phase_and_started_again_the_job_writes_the_same_bytes(
    s3: S3, glue_job: GlueJob, finished: str, module_settings: dict[str, Any]
) -> None:
    for bucket in ("again-curated", "again-quarantine"):
        s3.client.create_bucket(Bucket=bucket)
    command = arguments(module_settings, "one", output="again-")
    phases = ("list", "start_spark", "count_lines", "curate", "write")
    moments: list[Callable[[dict[str, Any]], bool]] = [partial(begins, phase=phase) for phase in phases]
    for moment in [*moments, every_part_is_written]:
        status, printed = glue_job.run(command, moment)
        assert status == -9
        assert printed.splitlines()[-1].startswith("PROGRESS")
        assert "d/run=one/manifest.json" not in s3.keys("again-curated", "d/")
    assert len(s3.keys("again-curated", "d/")) > 1
    status, _ = glue_job.run(command)
    assert status == 0, glue_job.errors
    for bucket in ("curated", "quarantine"):
        assert s3.contents(f"again-{bucket}", "d/run=one/") == s3.contents(bucket, "d/run=one/")


@pytest.fixture
def in_process(s3: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets the job run in this process where it never comes to Spark."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    _client.cache_clear()
    yield
    _client.cache_clear()


@pytest.mark.usefixtures("in_process", "finished")
def test_a_retry_of_a_finished_run_changes_nothing(
    s3: S3, module_settings: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    before = s3.client.list_objects_v2(Bucket="curated")["Contents"]
    job.main(arguments(module_settings, "one"))
    assert "is committed already" in capsys.readouterr().out
    assert s3.client.list_objects_v2(Bucket="curated")["Contents"] == before


@pytest.mark.usefixtures("in_process")
def test_a_prefix_without_a_data_file_is_a_failure_that_names_it(module_settings: dict[str, Any]) -> None:
    with pytest.raises(
        NoInputFiles, match=r"s3://raw/nothing/ holds no file that is read: \.jsonl.*Put your files there"
    ):
        job.main(arguments(module_settings, "two", dataset="nothing"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--run_id", ""], "Missing --run_id"),
        (["--run_id", "a/b"], "--run_id is 'a/b'"),
        (["--dataset", "../other"], "--dataset is '../other'"),
    ],
)
def test_arguments_that_would_lead_elsewhere_are_refused(
    module_settings: dict[str, Any], change: list[str], message: str
) -> None:
    with pytest.raises(InvalidArguments, match=re.escape(message)):
        job.main([*arguments(module_settings, "two"), *change])


TRACE = """An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 1 times: \
org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/x/first.py", line 1, in read
    first()
KeyError: 'first'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/x/second.py", line 1, in read
    second()
    ^^^^^^^^
botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the GetObject operation: no: never
with a second line

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:572)
Caused by: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
"""


def test_a_failed_task_is_explained_by_its_own_last_error() -> None:
    assert root_cause(TRACE) == (
        "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the GetObject operation: "
        "no: never\nwith a second line"
    )


def test_a_failure_of_the_jvm_is_explained_by_its_last_cause() -> None:
    trace = "An error occurred.\n: org.apache.spark.SparkException: Job aborted\n\tat x\nCaused by: java.io.Error: full"
    assert root_cause(trace) == "java.io.Error: full"
    assert (
        root_cause("An error occurred.\n: java.lang.Error: out of memory\n\tat x") == "java.lang.Error: out of memory"
    )
