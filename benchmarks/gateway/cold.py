"""Processor time of a cold start: the gateway until it can answer, over boto3's client alone, in one run.

The modules are compiled as the asset's are, by their source's hash and unchecked: a Lambda archive has no dates that a
`.pyc` could be checked against.
"""

from __future__ import annotations

import py_compile
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway.processes import environment, measured

ROUNDS = 7
BARE = "import boto3; boto3.client('bedrock-runtime'); import time; print(time.process_time())"
GATEWAY = (
    "import gc; gc.disable(); from lambdas.gateway.serving import ready; ready(8080); import time; "
    "print(time.process_time())"
)


class ColdStart(NamedTuple):
    """Milliseconds of processor time, each the least of several starts."""

    bare: float
    gateway: float

    @property
    def ratio(self) -> float:
        """How many times the bare client the gateway is."""
        return self.gateway / self.bare


def measure(rounds: int = ROUNDS) -> ColdStart:
    """Start both in turns."""
    bare, gateway = [], []
    with _asset() as folder:
        environ = environment("http://127.0.0.1:9") | {"PYTHONPATH": str(folder)}
        for _ in range(rounds):
            bare.append(measured(BARE, environ, folder) * 1000)
            gateway.append(measured(GATEWAY, environ, folder) * 1000)
    return ColdStart(min(bare), min(gateway))


@contextmanager
def _asset() -> Iterator[Path]:
    """Give a folder with the functions' code as an asset has it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree("lambdas", folder / "lambdas", ignore=shutil.ignore_patterns("__pycache__"))
        for source in folder.rglob("*.py"):
            py_compile.compile(
                str(source), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
            )
        yield folder


if sys.platform != "linux":
    raise SystemExit("Processor time is read from /proc: run this on Linux.")
