"""Definitions of Glue jobs: what cannot run here is refused by name, and what Spark is told of the rest."""

from __future__ import annotations

import json
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import Json
from twin.emulator import Emulator
from twin.glue.definition import check_definition
from twin.glue.spark import spark_conf, spark_environment, threads

GOOD = {
    "Name": "job",
    "Role": "role",
    "Command": {"Name": "glueetl", "ScriptLocation": "s3://bucket/script.py"},
    "GlueVersion": "5.1",
    "WorkerType": "G.1X",
    "NumberOfWorkers": 2,
}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"GlueVersion": "4.0"}, "GlueVersion is '4.0'"),
        ({"WorkerType": "Z.2X"}, "WorkerType is 'Z.2X'"),
        ({"NumberOfWorkers": 1}, "NumberOfWorkers is 1"),
        ({"Command": {"Name": "pythonshell", "ScriptLocation": "s3://b/s.py"}}, "Command.Name is 'pythonshell'"),
        ({"Command": {"Name": "glueetl", "ScriptLocation": "script.py"}}, "Command.ScriptLocation"),
        ({"Connections": {"Connections": ["vpc"]}}, "Connections is not supported"),
        ({"MaxRetries": 2}, "MaxRetries is not supported"),
        ({"ExecutionClass": "FLEX"}, "ExecutionClass is not supported"),
        ({"DefaultArguments": {"--extra-jars": "s3://b/x.jar"}}, "--extra-jars is not supported"),
        ({"DefaultArguments": {"--job-bookmark-option": "job-bookmark-enable"}}, "job bookmarks"),
    ],
)
def test_a_job_that_cannot_run_here_is_refused_by_property(change: Json, named: str) -> None:
    check_definition(GOOD)
    with pytest.raises(Exception, match="cannot run the job job") as error:
        check_definition({**GOOD, **change})
    assert named in str(error.value)


def test_everything_wrong_with_a_job_is_named_at_once() -> None:
    with pytest.raises(Exception, match=r"GlueVersion.*WorkerType"):
        check_definition({**GOOD, "GlueVersion": "3.0", "WorkerType": "Standard"})


@pytest.mark.parametrize("operation", ["start_crawler", "start_trigger"])
def test_what_the_emulator_would_only_pretend_to_do_is_refused(emulator: Emulator, operation: str) -> None:
    with pytest.raises(ClientError, match="does not run"):
        getattr(emulator.client("glue"), operation)(Name="any")


def test_a_property_that_glue_does_not_have_is_refused(emulator: Emulator) -> None:
    glue = emulator.client("glue")
    glue.meta.events.register("provide-client-params.glue.StartJobRun", lambda params, **_: None)
    glue.meta.events.register(
        "before-call.glue.StartJobRun",
        lambda params, **_: params.update(body=json.dumps({"JobName": "j", "Colour": "red"}).encode()),
    )
    with pytest.raises(ClientError, match="Colour"):
        glue.start_job_run(JobName="j")


def test_tasks_run_at_once_as_the_workers_would_as_far_as_the_machine_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert threads("G.1X", 2) == 4
    assert threads("G.1X", 1000) == 6


def test_a_folder_with_any_characters_in_its_name_reaches_spark_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / """o'brien's "data" & co"""
    words = shlex.split(spark_environment(folder, [], 1, {"a.b": "it's"})["PYSPARK_SUBMIT_ARGS"])  # as PySpark does
    given = [value for word, value in pairwise(words) if word == "--conf"]
    assert f"spark.local.dir={folder / 'local'}" in given
    assert f"spark.sql.warehouse.dir={folder / 'warehouse'}" in given
    assert "a.b=it's" in given
    assert words[-1] == "pyspark-shell"


def test_spark_settings_are_read_from_glues_argument() -> None:
    assert spark_conf("a.b=1 --conf c.d=x=y") == {"a.b": "1", "c.d": "x=y"}
