"""Glue jobs: what a script gets, and how a run fails."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.twin.glue_jobs import LOGS, make_job, output, run
from tests.twin.helpers import allow, make_role, unique
from twin.emulator import Emulator
from twin.events import read

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
