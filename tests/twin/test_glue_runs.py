"""Runs of Glue jobs that are stopped, awaited by a state machine, or more than may run at once."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.twin.glue_jobs import make_job
from tests.twin.helpers import Json, allow, execute, start, wait_until
from twin.emulator import Emulator
from twin.emulator.hooks import ServiceError
from twin.glue.runs import Runs
from twin.processes import marked

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
    assert emulator.client("stepfunctions").describe_execution(executionArn=arn)["status"] == "ABORTED"


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
