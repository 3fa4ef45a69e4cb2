"""Glue jobs: what a script gets, how a run ends, and what is refused."""

from __future__ import annotations

import io
import json
import shlex
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import Json, allow, execute, make_role, start, unique, wait_until
from twin.emulator import Emulator
from twin.emulator.hooks import ServiceError
from twin.events import read
from twin.glue.definition import check_definition
from twin.glue.runs import Runs
from twin.glue.spark import spark_conf, spark_environment, threads
from twin.processes import marked

LOGS = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])
LIVE = ("STARTING", "RUNNING", "STOPPING")


@pytest.fixture(scope="module")
def code(emulator: Emulator) -> str:
    """A bucket for scripts."""
    bucket = unique("code")
    emulator.client("s3").create_bucket(Bucket=bucket)
    return bucket


def make_job(emulator: Emulator, code: str, script: str, *statements: Json, **settings: Any) -> str:
    """A job with this script; its name."""
    name = unique("job")
    emulator.client("s3").put_object(Bucket=code, Key=f"{name}.py", Body=script.encode())
    statements = statements or (allow("s3:GetObject"), LOGS)
    wanted = {"GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 2, **settings}
    emulator.client("glue").create_job(
        Name=name,
        Role=make_role(emulator, "glue", *statements),
        Command={"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://{code}/{name}.py"},
        **wanted,
    )
    return name


def run(emulator: Emulator, job: str, **settings: Any) -> Json:
    """Run a job to its end; what GetJobRun then says."""
    glue = emulator.client("glue")
    run_id = glue.start_job_run(JobName=job, **settings)["JobRunId"]
    found: Json = wait_until(
        lambda: glue.get_job_run(JobName=job, RunId=run_id)["JobRun"],
        lambda seen: seen["JobRunState"] not in LIVE,
    )
    return found


def output(emulator: Emulator, found: Json) -> list[str]:
    """What the script printed, from CloudWatch Logs."""
    events = emulator.client("logs").get_log_events(
        logGroupName=f"{found['LogGroupName']}/output", logStreamName=f"{found['Id']}-driver"
    )
    return [event["message"] for event in events["events"]]


# ---- what a script gets ---------------------------------------------------------------------------------

SPARK = """
import sys
from helper.numbers import double
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
def work(number):
    from helper.numbers import double  # on the executors too
    return double(number)
print("spark", spark.version, "sum", spark.sparkContext.parallelize(range(10), 2).map(work).sum())
print('PROGRESS {"phase": "sum", "done": 1, "total": 2}')
print("arguments", sys.argv[1:])
"""


def test_a_script_runs_on_a_real_spark_with_its_modules_and_arguments(emulator: Emulator, code: str) -> None:
    modules = io.BytesIO()
    with zipfile.ZipFile(modules, "w") as archive:
        archive.writestr("helper/__init__.py", "")
        archive.writestr("helper/numbers.py", "def double(number): return 2 * number")
    emulator.client("s3").put_object(Bucket=code, Key="modules.zip", Body=modules.getvalue())
    job = make_job(
        emulator,
        code,
        SPARK,
        DefaultArguments={"--extra-py-files": f"s3://{code}/modules.zip", "--name": "default", "--kept": "a b"},
        NonOverridableArguments={"--fixed": "here"},
    )
    found = run(emulator, job, Arguments={"--name": "given", "--fixed": "there"})
    assert found["JobRunState"] == "SUCCEEDED", found.get("ErrorMessage")
    printed = output(emulator, found)
    assert "spark 3.5.6 sum 90" in printed
    arguments = next(line for line in printed if line.startswith("arguments"))
    for part in ("'--name', 'given'", "'--kept', 'a b'", "'--fixed', 'here'", f"'--JOB_NAME', '{job}'"):
        assert part in arguments
    assert f"'--JOB_RUN_ID', '{found['Id']}'" in arguments
    events = [event for event, _ in read(emulator.events_file) if event["id"] == found["Id"]]
    assert events[0]["kind"] == "started"
    assert {"phase": "sum", "done": 1, "total": 2}.items() <= next(
        event for event in events if event["kind"] == "progress"
    ).items()
    assert events[-1]["status"] == "SUCCEEDED"
    assert events[-1]["cpu_s"] > 1
    assert events[-1]["max_rss"] > 50_000_000


def test_a_script_acts_as_the_jobs_role(emulator: Emulator, code: str) -> None:
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    found = run(emulator, make_job(emulator, code, script))
    assert ":assumed-role/glue-role-" in output(emulator, found)[0]


def test_a_run_leaves_no_files(emulator: Emulator, code: str) -> None:
    script = "import os; print(os.path.dirname(os.getcwd()))"
    found = run(emulator, make_job(emulator, code, script))
    (folder,) = output(emulator, found)
    assert found["Id"] in folder
    assert not Path(folder).exists()


def test_a_script_cannot_reach_what_its_role_may_not(emulator: Emulator, code: str) -> None:
    script = "import boto3; boto3.client('s3').list_objects_v2(Bucket='other')"
    found = run(emulator, make_job(emulator, code, script))
    assert found["JobRunState"] == "FAILED"
    assert "not authorized to perform: s3:ListBucket on resource: arn:aws:s3:::other" in found["ErrorMessage"]


def test_nothing_of_the_project_itself_is_on_a_scripts_path(emulator: Emulator, code: str) -> None:
    script = "import importlib.util as u; print([u.find_spec(n) is None for n in ('pipelines', 'lambdas')])"
    assert output(emulator, run(emulator, make_job(emulator, code, script))) == ["[True, True]"]


@pytest.mark.parametrize(
    ("arguments", "prefix"), [({}, "/aws-glue/jobs"), ({"--custom-logGroup-prefix": "/own"}, "/own")]
)
def test_an_encrypted_log_lies_below_its_security_configuration_and_role(
    emulator: Emulator, code: str, arguments: dict[str, str], prefix: str
) -> None:
    glue, name = emulator.client("glue"), unique("secure")
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    encryption = {"CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": key}}
    glue.create_security_configuration(Name=name, EncryptionConfiguration=encryption)
    groups = f"arn:aws:logs:us-east-1:000000000000:log-group:{prefix}/{name}-role/*"
    permissions = (allow("s3:GetObject"), allow([*LOGS["Action"], "logs:AssociateKmsKey"], groups))
    job = make_job(
        emulator, code, "print('here')", *permissions, SecurityConfiguration=name, DefaultArguments=arguments
    )
    role = glue.get_job(JobName=job)["Job"]["Role"].rpartition("/")[2]
    found = run(emulator, job)
    assert found["JobRunState"] == "SUCCEEDED", found.get("ErrorMessage")
    assert found["LogGroupName"] == f"{prefix}/{name}-role/{role}"
    assert output(emulator, found) == ["here"]


# ---- how a run fails ------------------------------------------------------------------------------------


def test_an_exception_fails_the_run_and_ends_its_message(emulator: Emulator, code: str) -> None:
    script = "print('halfway'); raise ValueError('planted')"
    found = run(emulator, make_job(emulator, code, script))
    assert found["JobRunState"] == "FAILED"
    first, *log = found["ErrorMessage"].splitlines()
    assert first == "ValueError: planted"
    assert log[0] == f"The log, /aws-glue/jobs/output {found['Id']}-driver, ends:"
    assert log[1] == "halfway"
    assert log[-1] == "ValueError: planted"


def test_the_next_job_of_a_deleted_ones_name_has_no_runs_yet(emulator: Emulator, code: str) -> None:
    glue, job = emulator.client("glue"), make_job(emulator, code, "print('done')")
    run(emulator, job)
    definition = glue.get_job(JobName=job)["Job"]
    glue.delete_job(JobName=job)
    again = {
        key: definition[key] for key in ("Name", "Role", "Command", "GlueVersion", "WorkerType", "NumberOfWorkers")
    }
    glue.create_job(**again)
    assert glue.get_job_runs(JobName=job)["JobRuns"] == []


def test_an_exit_status_other_than_zero_fails_the_run(emulator: Emulator, code: str) -> None:
    found = run(emulator, make_job(emulator, code, "import sys; print('giving up'); sys.exit(4)"))
    assert found["JobRunState"] == "FAILED"
    assert found["ErrorMessage"].startswith("Command failed with exit code 4\n")
    assert found["ErrorMessage"].endswith("giving up")


def test_a_script_that_is_not_there_fails_the_run(emulator: Emulator, code: str) -> None:
    job = make_job(emulator, code, "")
    emulator.client("s3").delete_object(Bucket=code, Key=f"{job}.py")
    found = run(emulator, job)
    assert found["JobRunState"] == "FAILED"
    assert f"s3://{code}/{job}.py could not be read" in found["ErrorMessage"]


def test_a_role_that_may_not_read_the_script_fails_the_run(emulator: Emulator, code: str) -> None:
    found = run(emulator, make_job(emulator, code, "print('never')", LOGS))
    assert "could not be read" in found["ErrorMessage"]


def test_a_role_that_may_not_write_the_log_fails_the_run(emulator: Emulator, code: str) -> None:
    found = run(emulator, make_job(emulator, code, "print('never')", allow("s3:GetObject")))
    assert found["JobRunState"] == "FAILED"
    assert "logs:CreateLogGroup" in found["ErrorMessage"]


def test_a_role_that_glue_may_not_assume_fails_the_run(emulator: Emulator, code: str) -> None:
    job = make_job(emulator, code, "")
    definition = emulator.client("glue").get_job(JobName=job)["Job"]
    update = {key: definition[key] for key in ("Command", "GlueVersion", "WorkerType", "NumberOfWorkers")}
    role = make_role(emulator, "lambda")
    emulator.client("glue").update_job(JobName=job, JobUpdate={**update, "Role": role})
    assert "does not let glue.amazonaws.com assume it" in run(emulator, job)["ErrorMessage"]


@pytest.mark.parametrize(
    ("module", "problem"),
    [("not-on-this-machine==1.0", "it is not on this machine"), ("boto3==0.1", "this machine has version")],
)
def test_a_module_that_cannot_be_had_fails_the_run_by_name(
    emulator: Emulator, code: str, module: str, problem: str
) -> None:
    arguments = {"--additional-python-modules": f"botocore,{module}"}
    found = run(emulator, make_job(emulator, code, "print('never')", DefaultArguments=arguments))
    assert found["JobRunState"] == "FAILED"
    assert f"Failed to install the Python module {module}: {problem}" in found["ErrorMessage"]


# ---- ending a run ---------------------------------------------------------------------------------------

SLEEPING = "import time; print('sleeping', flush=True); time.sleep(600)"


def test_a_stopped_run_ends_with_its_processes(emulator: Emulator, code: str) -> None:
    glue, job = emulator.client("glue"), make_job(emulator, code, SLEEPING)
    before = len(marked(emulator.mark))
    run_id = glue.start_job_run(JobName=job)["JobRunId"]
    wait_until(lambda: len(marked(emulator.mark)), lambda count: count > before)
    assert glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id])["SuccessfulSubmissions"]
    wait_until(
        lambda: glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]["JobRunState"],
        lambda state: state == "STOPPED",
    )
    wait_until(lambda: len(marked(emulator.mark)), lambda count: count <= before)


def start_waiting(emulator: Emulator, job: str, **settings: Any) -> tuple[str, str]:
    """Start a state machine that waits for a run of a job; the execution's ARN and the run's id."""
    resource = "arn:aws:states:::glue:startJobRun.sync"
    states = {"Run": {"Type": "Task", "Resource": resource, "Parameters": {"JobName": job}, "End": True}}
    permissions = allow(["glue:StartJobRun", "glue:GetJobRun", "glue:BatchStopJobRun"])
    arn = start(emulator, states, permissions, **settings)
    runs = wait_until(lambda: emulator.client("glue").get_job_runs(JobName=job)["JobRuns"], bool)
    return arn, runs[0]["Id"]


def wait_until_stopped(emulator: Emulator, job: str, run_id: str) -> None:
    wait_until(
        lambda: emulator.client("glue").get_job_run(JobName=job, RunId=run_id)["JobRun"]["JobRunState"],
        lambda state: state == "STOPPED",
    )


def test_an_aborted_execution_stops_the_run_that_it_waits_for(emulator: Emulator, code: str) -> None:
    job = make_job(emulator, code, SLEEPING)
    arn, run_id = start_waiting(emulator, job)
    emulator.client("stepfunctions").stop_execution(executionArn=arn)
    wait_until_stopped(emulator, job, run_id)


def test_an_execution_that_times_out_stops_the_run_that_it_waits_for(emulator: Emulator, code: str) -> None:
    job = make_job(emulator, code, SLEEPING)
    arn, run_id = start_waiting(emulator, job, TimeoutSeconds=3)
    wait_until_stopped(emulator, job, run_id)
    assert emulator.client("stepfunctions").describe_execution(executionArn=arn)["status"] == "TIMED_OUT"


def test_more_runs_than_allowed_at_once_are_refused(emulator: Emulator, code: str) -> None:
    glue, job = emulator.client("glue"), make_job(emulator, code, SLEEPING)
    run_id = glue.start_job_run(JobName=job)["JobRunId"]
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException):
        glue.start_job_run(JobName=job)
    glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id])


class _SlowToCount(Runs):
    def of(self, job_name: str) -> list[Json]:
        found = super().of(job_name)
        time.sleep(0.05)
        return found


def test_of_runs_that_are_started_at_the_same_time_no_more_than_allowed_begin() -> None:
    runs = _SlowToCount()

    def wait_for_stop(stop: threading.Event, _lock: object) -> None:
        stop.wait()

    def start_one(number: int) -> bool:
        try:
            runs.begin({"Id": str(number), "JobName": "job", "JobRunState": "STARTING"}, 1, wait_for_stop)
        except ServiceError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(start_one, range(4))) == 1
    runs.stop_all()
    assert runs._living == {}


def test_a_run_that_has_ended_cannot_be_stopped() -> None:
    runs, ended = Runs(), {"Id": "1", "JobName": "job", "JobRunState": "SUCCEEDED"}
    assert not runs.stop(ended)
    assert ended["JobRunState"] == "SUCCEEDED"


def test_a_state_machine_waits_for_a_run_and_sees_why_it_failed(emulator: Emulator, code: str) -> None:
    job = make_job(emulator, code, "raise ValueError('planted')")
    resource = "arn:aws:states:::glue:startJobRun.sync"
    states = {"Run": {"Type": "Task", "Resource": resource, "Parameters": {"JobName": job}, "End": True}}
    ended = execute(emulator, states, allow(["glue:StartJobRun", "glue:GetJobRun"]))
    assert ended["error"] == "States.TaskFailed"
    cause = json.loads(ended["cause"])
    assert (cause["JobRunState"], cause["JobName"]) == ("FAILED", job)
    assert cause["ErrorMessage"].startswith("ValueError: planted")


# ---- what is refused ------------------------------------------------------------------------------------

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
