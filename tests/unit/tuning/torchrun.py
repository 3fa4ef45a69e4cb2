"""Processes of `torchrun` for tests: the real one, on this machine's CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]
TORCHRUN = Path(sys.executable).with_name("torchrun")


def torchrun(
    program: Path,
    arguments: Mapping[str, object],
    environment: Mapping[str, str],
    folder: Path,
    succeeds: bool = True,
) -> str:
    """Run a program in two processes whose job's folder is `folder`; what they printed, or AssertionError."""
    done = _run(program, arguments, environment, folder)
    assert (done.returncode == 0) == succeeds, done.stdout[-6000:]
    return done.stdout


def failure(program: Path, folder: Path) -> str:
    """Run a program in two processes that must fail; the reason that they leave."""
    assert _run(program, {}, {}, folder).returncode != 0
    return (folder / "output" / "failure").read_text()


def _run(
    program: Path, arguments: Mapping[str, object], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("SM_")}
    given = [word for key, value in arguments.items() for word in (f"--{key}", str(value))]
    return subprocess.run(
        [TORCHRUN, "--nnodes", "1", "--nproc_per_node", "2", program, *given],
        cwd=program.parent,
        env={
            **inherited,
            "SM_NETWORK_INTERFACE_NAME": "lo",
            "SAGEMAKER_BASE_DIR": str(folder),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=3000,
        check=False,
    )
