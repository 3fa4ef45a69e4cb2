"""Job runs: the operations on them, and their states."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from twin.emulator import hooks
from twin.emulator.hooks import Request, ServiceError
from twin.glue.definition import wrong_arguments
from twin.glue.execution import Lock, execute
from twin.glue.jobs import JOBS, Store, check_parameters, job_named

Json = dict[str, Any]
Work = Callable[[threading.Event, Lock], None]
_LIVE = ("STARTING", "RUNNING", "STOPPING")
_OVERRIDES = ("Timeout", "WorkerType", "NumberOfWorkers", "SecurityConfiguration", "NotificationProperty")
_UNSUPPORTED = (
    "AllocatedCapacity",
    "ExecutionClass",
    "ExecutionRoleSessionPolicy",
    "JobRunId",
    "MaxCapacity",
)


class Runs(Store):
    """The runs of all jobs, with the thread of each that lives, and what stops it."""

    def __init__(self) -> None:
        super().__init__()
        self._living: dict[str, tuple[threading.Event, threading.Thread]] = {}

    def begin(self, run: Json, limit: int, work: Work) -> None:
        """Add a run and do its work in the background, unless `limit` runs of its job live already.

        Raises ServiceError ConcurrentRunsExceededException.
        """
        stop = threading.Event()

        def work_to_the_end() -> None:
            try:
                work(stop, self._lock)
            finally:
                with self._lock:
                    del self._living[run["Id"]]

        with self._lock:
            if sum(other["JobRunState"] in _LIVE for other in self.of(run["JobName"])) >= limit:
                raise ServiceError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {run['JobName']}")
            self.put(run["Id"], run)
            self._living[run["Id"]] = stop, hooks.in_background(f"glue-{run['Id'][:12]}", work_to_the_end)

    def stop(self, run: Json) -> bool:
        """Tell a run to stop; False for one that has ended."""
        with self._lock:
            if run["JobRunState"] not in _LIVE:
                return False
            run.update(JobRunState="STOPPING", LastModifiedOn=time.time())
            self._living[run["Id"]][0].set()
            return True

    def described(self, run: Json) -> Json:
        """A run as it is at this moment."""
        with self._lock:
            return dict(run)

    def of(self, job_name: str) -> list[Json]:
        """The runs of a job, newest first."""
        return [run for run in reversed(self.all()) if run["JobName"] == job_name]

    def forget(self, job_name: str) -> None:
        """Drop the runs of a job that is no more: the next one of its name has none."""
        for run in self.of(job_name):
            self.remove(run["Id"])

    def load(self, records: Json) -> None:
        """Take what was saved. What ran when the emulator ended did not end well."""
        for run in records.values():
            if run["JobRunState"] in _LIVE:
                run.update(JobRunState="ERROR", ErrorMessage="The emulator ended during the run.")
        super().load(records)

    def stop_all(self) -> None:
        """End every run, and wait for its processes to be gone."""
        with self._lock:
            living = list(self._living.values())
        for stop, _ in living:
            stop.set()
        for _, thread in living:
            thread.join(timeout=10)


RUNS = Runs()


def start_job_run(request: Request) -> Json:
    """StartJobRun: checks what the run asks for, and starts it."""
    given = request.parameters
    check_parameters("StartJobRun", given)
    job = job_named(given["JobName"])
    wrong = [f"{key} is not supported" for key in _UNSUPPORTED if key in given]
    wrong += wrong_arguments(given.get("Arguments", {}))
    if wrong:
        raise ServiceError("InvalidInputException", f"The twin cannot start this run: {'; '.join(wrong)}.")
    run = _new_run(job, given)
    limit = job["ExecutionProperty"]["MaxConcurrentRuns"]
    RUNS.begin(run, limit, lambda stop, lock: execute(job, run, stop, lock))
    return {"JobRunId": run["Id"]}


def delete_job(request: Request) -> Json:
    """DeleteJob; a job that does not exist counts as deleted."""
    name = request.parameters["JobName"]
    remove_job(name)
    return {"JobName": name}


def remove_job(name: str) -> None:
    """Drop a job and its runs."""
    JOBS.remove(name)
    RUNS.forget(name)


def _new_run(job: Json, given: Json) -> Json:
    now = time.time()
    settings = {key: given.get(key, job.get(key)) for key in _OVERRIDES}
    return {
        "Id": f"jr_{secrets.token_hex(32)}",
        "Attempt": 0,
        "JobName": job["Name"],
        "JobRunState": "STARTING",
        "StartedOn": now,
        "LastModifiedOn": now,
        "Arguments": {
            **job.get("DefaultArguments", {}),
            **given.get("Arguments", {}),
            **job.get("NonOverridableArguments", {}),
        },
        "ExecutionTime": 0,
        "GlueVersion": job["GlueVersion"],
        "PredecessorRuns": [],
        **{key: value for key, value in settings.items() if value is not None},
    }


def get_job_run(request: Request) -> Json:
    """GetJobRun."""
    given = request.parameters
    return {"JobRun": _run_of(given["JobName"], given["RunId"])}


def get_job_runs(request: Request) -> Json:
    """GetJobRuns, newest first, all at once."""
    job = job_named(request.parameters["JobName"])
    return {"JobRuns": [RUNS.described(run) for run in RUNS.of(job["Name"])]}


def batch_stop_job_run(request: Request) -> Json:
    """BatchStopJobRun: the runs are STOPPING until their processes are gone."""
    given = request.parameters
    stopped: list[Json] = []
    errors: list[Json] = []
    for run_id in given["JobRunIds"]:
        names = {"JobName": given["JobName"], "JobRunId": run_id}
        run = RUNS.get(run_id)
        if run is None or run["JobName"] != given["JobName"]:
            errors.append({**names, "ErrorDetail": _detail("EntityNotFoundException", "The run was not found.")})
        elif RUNS.stop(run):
            stopped.append(names)
        else:
            text = f"The run is not active: {run['JobRunState']}."
            errors.append({**names, "ErrorDetail": _detail("InvalidInputException", text)})
    return {"SuccessfulSubmissions": stopped, "Errors": errors}


def _detail(code: str, message: str) -> Json:
    return {"ErrorCode": code, "ErrorMessage": message}


def _run_of(job_name: str, run_id: str) -> Json:
    run = RUNS.get(run_id)
    if run is None or run["JobName"] != job_name:
        raise ServiceError("EntityNotFoundException", f"Job run {run_id} of {job_name} was not found.")
    return RUNS.described(run)
