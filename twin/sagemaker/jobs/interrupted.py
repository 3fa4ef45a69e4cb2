"""Jobs that ran when the emulator ended."""

from __future__ import annotations

from typing import Literal

from twin.sagemaker.store import Store

_REASON = "InternalServerError: The emulator ended while the job ran."
_KINDS: tuple[tuple[Literal["training-job", "processing-job", "hyper-parameter-tuning-job"], str], ...] = (
    ("training-job", "TrainingJobStatus"),
    ("processing-job", "ProcessingJobStatus"),
    ("hyper-parameter-tuning-job", "HyperParameterTuningJobStatus"),
)


def close(store: Store) -> None:
    """Fail them, after a restart: nothing runs on."""
    for kind, status in _KINDS:
        for record in store.of(kind).values():
            if record[status] in ("InProgress", "Stopping"):
                store.update(record, **{status: "Failed", "FailureReason": _REASON})
                for trial in record.get("trials", ()):
                    if trial["ObjectiveStatus"] == "Pending":
                        trial.update(TrainingJobStatus="Failed", ObjectiveStatus="Failed", FailureReason=_REASON)
