"""Compiles what goes into a function's archive, so that no execution environment has to do it at its cold start.

An archive's files bear a date of 1980, which makes ordinary bytecode look outdated; this bytecode is bound to its
source by nothing but standing beside it (PEP 552, `unchecked-hash`). It is written without references between its
objects: these depend on what else the compiling process has in memory, and an archive depends on its sources alone.
"""

from __future__ import annotations

import marshal
import sys
from functools import cache
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

TASK_ROOT = "/var/task"
"""Where Lambda unpacks an archive: what a traceback names."""

_UNCHECKED_HASH = (0b01).to_bytes(4, "little")
_WITHOUT_REFERENCES = 2
_RUNTIMES = {(3, 11): lambda_.Runtime.PYTHON_3_11, (3, 12): lambda_.Runtime.PYTHON_3_12}


def runtime() -> lambda_.Runtime:
    """Lambda's runtime for the Python that synthesizes, whose bytecode no other can read.

    Raises:
        RuntimeError: this Python is none that the project is made for.
    """
    version = sys.version_info[:2]
    if version not in _RUNTIMES:
        known = " or ".join(f"{major}.{minor}" for major, minor in _RUNTIMES)
        raise RuntimeError(f"Functions run on the Python that synthesizes: use {known}, not {version[0]}.{version[1]}.")
    return _RUNTIMES[version]


def compile_folder(folder: Path) -> None:
    """Put the bytecode of every Python file below `folder` beside it, in `__pycache__`.

    Raises:
        SyntaxError: a file is no Python.
    """
    for source in sorted(folder.rglob("*.py")):
        target = Path(cache_from_source(str(source), optimization=""))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(_bytecode(source.read_bytes(), f"{TASK_ROOT}/{source.relative_to(folder).as_posix()}"))
        target.chmod(0o644)


@cache
def _bytecode(source: bytes, filename: str) -> bytes:
    """The same file goes into many archives, and is compiled once."""
    code = compile(source, filename, "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + _UNCHECKED_HASH + source_hash(source) + marshal.dumps(code, _WITHOUT_REFERENCES)
