"""What training and processing jobs have in common: they start, run on a thread, can be stopped, and end."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from typing import Any, Literal

from botocore.exceptions import ClientError

from twin import credentials
from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.events import emit, emit_line
from twin.logs import LogStream
from twin.processes import Completed, run_process
from twin.sagemaker.directory import HOST, ContainerDirectory
from twin.sagemaker.errors import validation
from twin.sagemaker.jobs.failure import MOST_CHARACTERS, JobFailedError, client_error
from twin.sagemaker.jobs.isolation import available, isolated
from twin.sagemaker.roles import PRINCIPAL
from twin.sagemaker.store import Store
from twin.sagemaker.transfer import TransferError

# SageMaker names the sessions of a job's role so.
SESSION = "SageMaker"
_GPU_FAMILIES = ("ml.g", "ml.p")
DEFAULT_RUNTIME_S = 86_400
GRACE_S = 5.0

_log = logging.getLogger(__name__)
_running: dict[str, Job] = {}


class JobStoppedError(Exception):
    """The job was ended; the text says why where nobody asked for it."""


class Job(ABC):
    """One job. `record` is what its Describe operation answers; the job writes its progress there."""

    source: str
    log_group: str
    status_key: str

    def __init__(self, store: Store, record: Json, name: str, arn: str) -> None:
        self.store, self.record, self.name, self.arn = store, record, name, arn
        # `stop` is for the job, `ending` for the process that runs at the moment.
        self.stop, self.ending = threading.Event(), threading.Event()
        self.abandoned = False
        self.completed: Completed | None = None

    def start(self) -> None:
        """Run on a thread of its own."""
        _running[self.arn] = self
        hooks.in_background(f"{self.source} {self.name}", self.run)

    @abstractmethod
    def work(self) -> None:
        """Do what the job is for. Raises JobFailedError or JobStoppedError."""

    @abstractmethod
    def ended(self, status: str, now: float) -> Json:
        """What the record has more once the job has ended."""

    @property
    @abstractmethod
    def instance_type(self) -> str:
        """The instance type that the job asks for."""

    @property
    def grace_s(self) -> float:
        """How many seconds the job's process has to end after SIGTERM."""
        return GRACE_S

    def tell_to_stop(self) -> None:
        """Ask the job to end."""
        self.stop.set()
        self.ending.set()

    # ---- for `work` -------------------------------------------------------------------------------------

    def say(self, line: str) -> None:
        """Write a line to the job's log, as if the container had."""
        self.log_stream.write(line)
        emit_line(self.source, self.name, line)

    @property
    def limit_s(self) -> float:
        """How long the job's process may still run."""
        return float(self.record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_RUNTIME_S))

    def run_script(self, argv: list[str], environment: dict[str, str], cwd: str, network: bool) -> Completed:
        """Run the job's process to its end, within the time that it has."""
        folder = self.directory.path(cwd)
        credentials_of_role = self.role if network else {}
        if not network and not available():
            self.say("This machine cannot take the network away: the job runs without credentials instead.")
        self.completed = run_process(
            argv if network else isolated(argv),
            env={**environment, **self.directory.environment(), **credentials_of_role},
            cwd=folder,
            on_line=self.take_line,
            timeout=self.limit_s,
            stop=self.ending,
            merge=True,
            grace=lambda: GRACE_S if self.abandoned else self.grace_s,
        )
        return self.completed

    def take_line(self, line: str, _stream: Literal["stdout", "stderr"]) -> None:
        """What becomes of each line that the job's process prints."""
        self.say(line)

    def check_stop(self) -> None:
        """Raise JobStoppedError once the job was told to stop."""
        if self.stop.is_set():
            raise JobStoppedError

    def make_directory(self) -> None:
        """Begin with an empty directory, as on a machine that nobody has used."""
        self.directory = ContainerDirectory(self.source.rpartition(".")[2], self.name)

    # ---- life -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do the whole of it on this thread; whatever happens ends up in the record."""
        emit("started", self.source, self.name, arn=self.arn, instance_type=self.instance_type)
        reason = ""
        try:
            self._prepare_and_work()
            status = "Completed"
        except JobStoppedError as stopped:
            status, reason = "Stopped", str(stopped)
        except JobFailedError as failure:
            status, reason = "Failed", str(failure)
        except TransferError as error:
            status, reason = "Failed", f"ClientError: {error}"
        except ClientError as error:
            status, reason = "Failed", str(client_error("A call of the job was refused.", error))
        except Exception as error:
            _log.exception("The job %s ended in an error of the emulator's own.", self.arn)
            # Not by the service's name for it: a retry policy would wait a quarter of an hour for the same defect.
            status, reason = "Failed", f"LocalExecutorError: The local run of the job has a defect: {error!r}"
        _running.pop(self.arn, None)
        self._end(status, reason[:MOST_CHARACTERS])

    def _prepare_and_work(self) -> None:
        try:
            self.role = credentials.role_environment(self.record["RoleArn"], SESSION, PRINCIPAL)
        except hooks.RoleNotAssumableError as error:
            raise client_error(str(error)) from error
        self.s3 = credentials.client_from(self.role, "s3")
        self.make_directory()
        try:
            stream = f"{self.name}/{HOST}-{int(time.time())}"
            with LogStream(credentials.client_from(self.role, "logs"), self.log_group, stream) as self.log_stream:
                if self.instance_type.startswith(_GPU_FAMILIES):
                    self.say(f"{self.instance_type} has GPUs; here the job runs on the CPU.")
                self.work()
        finally:
            self.directory.remove()

    def _end(self, status: str, reason: str) -> None:
        now = time.time()
        failure = {"FailureReason": reason} if reason else {}
        # The status last: whoever waits for it reads the rest at once.
        self.store.update(self.record, **failure, **self.ended(status, now))
        self.store.update(self.record, **{self.status_key: status})
        spent: dict[str, Any] = {}
        if done := self.completed:
            spent = {"cpu_s": done.cpu_s, "wall_s": done.wall_s, "max_rss": done.max_rss}
        emit("finished", self.source, self.name, arn=self.arn, status=status, message=reason, **spent)


def require_stoppable(kind: str, status: str) -> None:
    """Refuse to stop a job that has ended, in SageMaker's words. Raises ServiceError ValidationException."""
    if status not in ("InProgress", "Stopping"):
        raise validation(f"The request was rejected because the {kind} job is in status {status}.")


def stop_job(arn: str) -> bool:
    """Tell a running job to stop; False where none runs under that ARN."""
    job = _running.get(arn)
    if job is None:
        return False
    job.tell_to_stop()
    return True


def stop_all() -> None:
    """Tell every job to stop and to leave everything as it is: the emulator ends."""
    for job in list(_running.values()):
        job.abandoned = True
        job.tell_to_stop()
