"""Deleting the records of jobs: only of those that have ended. Their logs, metrics and artefacts stay."""

from __future__ import annotations

from typing import Literal

from twin.emulator.hooks import Json
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.tags import forget_tags


def delete_training_job(call: Call) -> Json:
    """DeleteTrainingJob."""
    return _delete(call, "training-job", "TrainingJob")


def delete_processing_job(call: Call) -> Json:
    """DeleteProcessingJob."""
    return _delete(call, "processing-job", "ProcessingJob")


def _delete(call: Call, kind: Literal["training-job", "processing-job"], noun: str) -> Json:
    name = call.parameters[f"{noun}Name"]
    with call.store.lock:
        record = call.store.get(kind, name, lambda: errors.not_found(f"There is no {kind} {name}."))
        if (status := record[f"{noun}Status"]) in ("InProgress", "Stopping"):
            raise errors.in_use(f"The {kind} {name} is {status}; only one that has ended can be deleted.")
        call.store.of(kind).pop(name.lower())
    forget_tags(call.store, record[f"{noun}Arn"])
    return {}


OPERATIONS: Operations = {"DeleteTrainingJob": delete_training_job, "DeleteProcessingJob": delete_processing_job}
