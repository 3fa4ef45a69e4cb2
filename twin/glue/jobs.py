"""Job definitions: the operations on them, and their store."""

from __future__ import annotations

import threading
import time
from typing import Any

from twin.emulator.hooks import Request, ServiceError
from twin.glue.definition import check_definition
from twin.shapes import problems

Json = dict[str, Any]


class Store:
    """Records by key, safe to use from many threads."""

    def __init__(self) -> None:
        self._records: dict[str, Any] = {}
        self._lock = threading.RLock()

    def get(self, key: str) -> Any | None:
        """The record, or None."""
        with self._lock:
            return self._records.get(key)

    def put(self, key: str, record: Any) -> None:
        """Add or replace a record."""
        with self._lock:
            self._records[key] = record

    def remove(self, key: str) -> None:
        """Forget a record."""
        with self._lock:
            self._records.pop(key, None)

    def all(self) -> list[Any]:
        """Every record, oldest first."""
        with self._lock:
            return list(self._records.values())

    def save(self) -> Json:
        """All records, for the state that persists."""
        with self._lock:
            return dict(self._records)

    def load(self, records: Json) -> None:
        """Take what `save` gave."""
        with self._lock:
            self._records = dict(records)


JOBS = Store()
_DEFAULT_TIMEOUT_MINUTES = 480


def check_parameters(operation: str, parameters: Json) -> None:
    """Refuse parameters that Glue's API does not have.

    Raises ServiceError InvalidInputException.
    """
    if wrong := problems("glue", operation, parameters):
        raise ServiceError("InvalidInputException", wrong)


def job_named(name: str) -> Json:
    """A job's definition. Raises ServiceError EntityNotFoundException."""
    job = JOBS.get(name)
    if job is None:
        raise ServiceError("EntityNotFoundException", f"Job with name: {name} not found.")
    return dict(job)


def put_job(definition: Json) -> None:
    """Check a definition and store it; the former one of that name is replaced.

    Raises ServiceError InvalidInputException.
    """
    check_parameters("CreateJob", definition)
    check_definition(definition)
    now = time.time()
    before = JOBS.get(definition["Name"]) or {"CreatedOn": now}
    defaults = {"Timeout": _DEFAULT_TIMEOUT_MINUTES, "ExecutionProperty": {"MaxConcurrentRuns": 1}, "MaxRetries": 0}
    job = {**defaults, **definition, "CreatedOn": before["CreatedOn"], "LastModifiedOn": now}
    JOBS.put(job["Name"], job)


def create_job(request: Request) -> Json:
    """CreateJob."""
    definition = request.parameters
    if JOBS.get(definition.get("Name", "")):
        raise ServiceError("AlreadyExistsException", f"Job {definition['Name']} already exists.")
    put_job(definition)
    return {"Name": definition["Name"]}


def update_job(request: Request) -> Json:
    """UpdateJob: the new definition replaces the former one as a whole."""
    given = request.parameters
    job_named(given["JobName"])
    put_job({"Name": given["JobName"], **given["JobUpdate"]})
    return {"JobName": given["JobName"]}


def get_job(request: Request) -> Json:
    """GetJob."""
    return {"Job": _described(job_named(request.parameters["JobName"]))}


def get_jobs(request: Request) -> Json:  # noqa: ARG001 - every handler takes its request
    """GetJobs, all at once."""
    return {"Jobs": [_described(job) for job in JOBS.all()]}


def _described(job: Json) -> Json:
    return {key: value for key, value in job.items() if key != "Tags"}
