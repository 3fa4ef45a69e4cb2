"""Glue jobs that the tests make and run in an emulator's account."""

from __future__ import annotations

from typing import Any

from tests.twin.helpers import Json, allow, make_role, unique, wait_until
from twin.emulator import Emulator

LOGS = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])
LIVE = ("STARTING", "RUNNING", "STOPPING")


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
