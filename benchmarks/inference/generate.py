"""transformers' `generate` on the same weights: a batch of as many prompts as there are requests at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.inference.load import Counted, Timed

_SCRIPT = Path(__file__).parent / "scripts" / "generate.py"


class Generator:
    """The process that holds the model."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.pid = process.pid
        self._process = process

    def batches(self, prompts: Sequence[str], tokens: int, size: int) -> Timed:
        """Answer the prompts in batches, one after another: all of a batch are answered together."""
        answers: list[Counted] = []
        latencies: list[float] = []
        for first in range(0, len(prompts), size):
            batch = list(prompts[first : first + size])
            done = self._ask({"prompts": batch, "tokens": tokens})
            if done["made"] != tokens * len(batch):
                raise ValueError(f"generate made {done['made']} tokens of {tokens * len(batch)}.")
            answers.append(Counted(done["made"], done["prompt"], done["prompt"]))
            latencies += [done["seconds"]] * len(batch)
        return Timed(answers, latencies)

    def wait(self) -> None:
        """Wait until the model is loaded."""
        self._read()

    def _ask(self, asked: dict[str, Any]) -> Any:
        assert self._process.stdin is not None  # it was started with a pipe
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                "The process with transformers ended; its log is generate.log in the benchmark's folder."
            )
        return json.loads(line)


@contextmanager
def loaded(checkpoint: Path, folder: Path, threads: int, number_format: str) -> Iterator[Generator]:
    """Load the model in a process of its own, and end it."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    with (folder / "generate.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(_SCRIPT), str(checkpoint), str(threads), number_format],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        generator = Generator(process)
        generator.wait()
        yield generator
    finally:
        process.kill()
        process.wait()
