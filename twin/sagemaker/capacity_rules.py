"""What a training job may ask of its instances: limits of time, spot instances and warm pools go together or not."""

from __future__ import annotations

from twin.emulator.hooks import Json
from twin.sagemaker import errors
from twin.sagemaker.jobs.job import DEFAULT_RUNTIME_S


def require_consistent_capacity(parameters: Json) -> None:
    """Raise ValidationException for a request whose demands contradict each other."""
    stopping, resources = parameters["StoppingCondition"], parameters["ResourceConfig"]
    wait = stopping.get("MaxWaitTimeInSeconds")
    if not parameters.get("EnableManagedSpotTraining"):
        if wait is not None:
            raise errors.validation(
                "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
            )
        return
    if wait is None or wait < stopping.get("MaxRuntimeInSeconds", DEFAULT_RUNTIME_S):
        raise errors.validation(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"
        )
    if resources.get("KeepAlivePeriodInSeconds"):
        raise errors.validation(
            "KeepAlivePeriodInSeconds is not supported when EnableManagedSpotTraining is set to true"
        )
