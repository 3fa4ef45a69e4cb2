"""The SageMaker container contract: which folders a job gets, and how it says why it failed.

The training toolkit names the folders in `SM_*` variables. Without it, and in processing jobs, they have fixed
places under `SAGEMAKER_BASE_DIR`, which is `/opt/ml` unless that variable (the toolkit's own) says otherwise.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# The service shows this much of either file.
MAX_MESSAGE_CHARACTERS = 1024


class TuningError(Exception):
    """Something that the user can put right. The message says what was wrong, where, and what to do."""


def base_directory() -> Path:
    """Give the root of the job's folders."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


@dataclass(frozen=True)
class TrainingFolders:
    """Where a training job reads and writes. What lies in `artifact` becomes model.tar.gz.

    What lies in `checkpoints` SageMaker copies to S3 all along, and back when a job begins with the same address.
    """

    train: Path
    validation: Path
    model: Path
    artifact: Path
    checkpoints: Path | None = None

    @classmethod
    def from_environment(cls) -> TrainingFolders:
        base = base_directory()

        def channel(name: str) -> Path:
            return Path(os.environ.get(f"SM_CHANNEL_{name.upper()}", base / "input" / "data" / name))

        return cls(
            train=channel("train"),
            validation=channel("validation"),
            model=channel("model"),
            artifact=Path(os.environ.get("SM_MODEL_DIR", base / "model")),
            checkpoints=base / "checkpoints",
        )


@dataclass(frozen=True)
class EvaluationFolders:
    """Where the evaluation's processing job reads and writes; the same names as in the pipeline's definition.

    `train` is there to be searched for test records. `champion` holds the model.tar.gz of the model in use, or
    anything else where there is none.
    """

    base: Path
    model: Path
    test: Path
    output: Path
    train: Path
    champion: Path

    @classmethod
    def from_environment(cls) -> EvaluationFolders:
        processing = base_directory() / "processing"
        inputs = processing / "input"
        return cls(
            base=inputs / "base",
            model=inputs / "model",
            test=inputs / "test",
            output=processing / "evaluation",
            train=inputs / "train",
            champion=inputs / "champion",
        )


@contextmanager
def failures_explained() -> Iterator[None]:
    """Leave the reason of a failure where the service looks for it, and end the process with status 1.

    A training job's reason is read from `output/failure`, a processing job's from `output/message`. What the
    user can put right is told in one line; anything else keeps its traceback in the log.
    """
    try:
        yield
    except Exception as error:
        reason = reason_of(error)
        _write_reason(reason)
        if not isinstance(error, TuningError) and not out_of_memory(error):
            raise
        print(f"ERROR: {reason}", file=sys.stderr, flush=True)
        sys.exit(1)


def reason_of(error: Exception) -> str:
    """Say why a job failed, in the words of its user where that is who can put it right, after what was noted of it."""
    return " ".join((*getattr(error, "__notes__", ()), _said(error)))


def _said(error: Exception) -> str:
    if isinstance(error, TuningError):
        return str(error)
    named = f"{type(error).__name__}: {error}"
    if out_of_memory(error):
        return (
            "The memory of the machine does not suffice. Lower tuning.max_length or tuning.batch_size, or choose a "
            f"larger tuning.instance_type (for the evaluation, tuning.evaluation_instance_type). {named}"
        )
    return named


def out_of_memory(error: BaseException) -> bool:
    """Whether the machine's memory, or the accelerator's, did not suffice.

    PyTorch's own error is known by its name: this module is there before PyTorch is.
    """
    names = [kind.__name__ for kind in type(error).__mro__]
    return isinstance(error, MemoryError) or "OutOfMemoryError" in names or "DefaultCPUAllocator" in str(error)


def _write_reason(reason: str) -> None:
    folder = base_directory() / "output"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("failure", "message"):
        # Whole or not at all: of several processes that fail one after the other, each may be ended as it writes.
        part = folder / f"{name}.{os.getpid()}"
        part.write_text(reason[:MAX_MESSAGE_CHARACTERS], encoding="utf-8")
        part.replace(folder / name)
