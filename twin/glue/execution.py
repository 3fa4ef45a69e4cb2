"""One run of a job: fetch, start, follow, and say how it ended."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import ClientError

from twin import credentials
from twin.emulator.hooks import RoleNotAssumableError
from twin.events import emit, emit_line, parse_progress
from twin.glue.spark import (
    LaunchError,
    check_spark,
    fetch,
    install_modules,
    spark_conf,
    spark_environment,
    threads,
)
from twin.logs import LogStream
from twin.processes import Completed, run_process

Json = dict[str, Any]
Lock = AbstractContextManager[Any]
SOURCE = "glue"
_TAIL_LINES = 15
_SPARK_LOG = re.compile(
    r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (TRACE|DEBUG|INFO|WARN|ERROR|FATAL) "
    r"|Setting default log level|To adjust logging level"
)
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")


def execute(job: Json, run: Json, stop: threading.Event, lock: Lock) -> None:
    """Bring a run to its end, whatever happens; its state and message are in `run` afterwards.

    `lock` is held for each change of the run's state, so that whoever stops it changes none that has ended.
    """
    emit("started", SOURCE, run["Id"], job=run["JobName"])
    completed: Completed | None = None
    try:
        completed = _run_script(job, run, stop, lock)
        state, message = _outcome(run, completed)
    except (LaunchError, RoleNotAssumableError, ClientError) as error:
        state, message = "FAILED", f"LAUNCH ERROR | {error}"
    except Exception as error:
        state, message = "ERROR", f"The twin failed to run the job: {error!r}"
    finally:
        shutil.rmtree(_folder(run), ignore_errors=True)
    now = time.time()
    with lock:
        run.update(
            CompletedOn=now,
            LastModifiedOn=now,
            ExecutionTime=round(now - run["StartedOn"]),
            JobRunState=state,
            **({"ErrorMessage": message} if message else {}),
        )
    figures = {"cpu_s": completed.cpu_s, "wall_s": completed.wall_s, "max_rss": completed.max_rss} if completed else {}
    emit("finished", SOURCE, run["Id"], job=run["JobName"], status=state, message=message, **figures)


def _run_script(job: Json, run: Json, stop: threading.Event, lock: Lock) -> Completed:
    arguments, folder = run["Arguments"], _folder(run)
    role = credentials.role_environment(_role_arn(job), f"GlueJobRunnerSession-{run['Id'][:12]}", "glue.amazonaws.com")
    check_spark(run["GlueVersion"])
    with _Logs(job, run, role) as logs:
        s3 = credentials.client_from(role, "s3")
        script = fetch(s3, job["Command"]["ScriptLocation"], folder / "script")
        modules = [fetch(s3, one, folder / "modules") for one in _addresses(arguments, "--extra-py-files")]
        modules += install_modules(s3, arguments.get("--additional-python-modules", ""), folder)
        for address in _addresses(arguments, "--extra-files"):
            fetch(s3, address, folder / "work")
        (folder / "work").mkdir(parents=True, exist_ok=True)
        spark = spark_environment(
            folder,
            modules,
            threads(run["WorkerType"], run["NumberOfWorkers"]),
            spark_conf(arguments.get("--conf", "")),
        )
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        with lock:
            if not stop.is_set():
                run.update(JobRunState="RUNNING", LastModifiedOn=time.time())
        return run_process(
            [sys.executable, str(script), *_argv(job, run)],
            env={**inherited, "HOME": str(folder), **role, **spark},
            cwd=folder / "work",
            on_line=logs.write,
            timeout=run["Timeout"] * 60,
            stop=stop,
            merge=True,
        )


def _argv(job: Json, run: Json) -> list[str]:
    """The script's arguments as Glue gives them: the run's, and what names job and run."""
    named = {"--JOB_NAME": job["Name"], "--JOB_ID": f"j_{job['Name']}", "--JOB_RUN_ID": run["Id"]}
    return [part for key, value in {**run["Arguments"], **named}.items() for part in (key, str(value))]


def _addresses(arguments: Json, key: str) -> list[str]:
    return [address.strip() for address in arguments.get(key, "").split(",") if address.strip()]


def _role_arn(job: Json) -> str:
    role: str = job["Role"]
    return role if role.startswith("arn:") else f"arn:aws:iam::{credentials.ACCOUNT_ID}:role/{role}"


def _folder(run: Json) -> Path:
    return Path(os.environ["FOURFOLD_WORK_DIR"]) / "glue" / str(run["Id"])


def _outcome(run: Json, completed: Completed) -> tuple[str, str]:
    if completed.ended == "stopped":
        return "STOPPED", ""
    where = f"The log, {run['LogGroupName']}/output {run['Id']}-driver, ends:"
    lines = [line for line in completed.tail if not _SPARK_LOG.match(line) and parse_progress(line) is None]
    log = "\n".join([where, *lines[-_TAIL_LINES:]])
    if completed.ended == "timed out":
        return "TIMEOUT", f"The run took longer than its timeout of {run['Timeout']} minutes.\n{log}"
    if completed.returncode == 0:
        return "SUCCEEDED", ""
    reason = _exception_of(lines) or f"Command failed with exit code {completed.returncode}"
    return "FAILED", f"{reason}\n{log}"


def _exception_of(lines: list[str]) -> str:
    """The last line that names a Python exception, as Glue reports it."""
    named = [line for line in lines if re.match(r"([A-Za-z_]\w*\.)*[A-Z]\w*(: |$)", line)]
    return named[-1] if named else ""


class _Logs:
    """The run's two streams: what the script prints, and what Spark logs."""

    def __init__(self, job: Json, run: Json, role: dict[str, str]) -> None:
        self._run = run
        key = _log_key(run)
        prefix = run["Arguments"].get("--custom-logGroup-prefix", "/aws-glue/jobs")
        if key:
            prefix = f"{prefix}/{run['SecurityConfiguration']}-role/{job['Role'].rpartition('/')[2]}"
        stream = f"{run['Arguments'].get('--custom-logStream-prefix', run['Id'])}-driver"
        run["LogGroupName"] = prefix
        client = credentials.client_from(role, "logs")
        self._output = LogStream(client, f"{prefix}/output", stream, key)
        self._error = LogStream(client, f"{prefix}/error", stream, key)

    def write(self, line: str, _stream: Literal["stdout", "stderr"]) -> None:
        """Record one line in the log it belongs to, and as an event."""
        spark = bool(_SPARK_LOG.match(line))
        (self._error if spark else self._output).write(line)
        if not spark:
            emit_line(SOURCE, self._run["Id"], line)

    def __enter__(self) -> _Logs:
        return self

    def __exit__(self, *_error: object) -> None:
        self._output.flush()
        self._error.flush()


def _log_key(run: Json) -> str | None:
    """The key with which the run's security configuration encrypts its log, if there is one and it does."""
    name = run.get("SecurityConfiguration")
    if not name:
        return None
    found = credentials.client("glue").get_security_configuration(Name=name)["SecurityConfiguration"]
    encryption = found["EncryptionConfiguration"].get("CloudWatchEncryption", {})
    encrypts = encryption.get("CloudWatchEncryptionMode") == "SSE-KMS"
    return str(encryption["KmsKeyArn"]) if encrypts else None
