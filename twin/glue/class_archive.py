"""Spark's classes as a JVM has them in memory, in a file that the next one maps (JEP 310 and 350).

Reading, checking and laying out classes is most of what Spark takes to start, each time. `twin.glue.make_class_archive`
makes the file for this environment's Java and jars; for others the JVM leaves it aside and starts as it would without.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

FOLDER = Path(sys.prefix) / "share" / "fourfold"
JAVA, SPARK = "java.jsa", "spark.jsa"
# A file that does not fit is no news to whoever reads a job's log.
_QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off -Xlog:class+path=off"


# The JVM separates archives by colons, and Spark options by spaces.
_PLAIN = re.compile(r"[\w./+@~-]+")


def spark_options(folder: Path = FOLDER) -> str:
    """Return the options of Spark's JVM that map the archive, or none where it has not been made."""
    return f"-XX:SharedArchiveFile={folder / JAVA}:{folder / SPARK} {_QUIET}" if _usable(folder) else ""


def launcher_options(folder: Path = FOLDER) -> str:
    """Return the options of the JVM that puts Spark's command line together."""
    return f"-XX:SharedArchiveFile={folder / JAVA} -XX:TieredStopAtLevel=1 {_QUIET}" if _usable(folder) else ""


def can_be_named(folder: Path) -> bool:
    """Whether a folder's path can stand in the options."""
    return _PLAIN.fullmatch(str(folder)) is not None


def _usable(folder: Path) -> bool:
    return can_be_named(folder) and all((folder / name).exists() for name in (JAVA, SPARK))
