"""What a SageMaker pipeline execution did, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.shared import aws


@dataclass(frozen=True)
class PipelineStep:
    """One step of an execution.

    Attributes:
        job_name, job_arn: the training, tuning or processing job that it ran, if it ran one.
        job_kind: ``TrainingJob``, ``TuningJob`` or ``ProcessingJob``, or an empty string.
        model_package_arn: what it registered, if it registered something.
        stated_failure: the message of a Fail step.
    """

    name: str
    status: str
    failure_reason: str
    job_kind: str = ""
    job_name: str = ""
    job_arn: str = ""
    model_package_arn: str = ""
    stated_failure: str = ""


def pipeline_steps(execution_arn: str) -> list[PipelineStep]:
    """List the steps of an execution in the order they started."""
    paginator = aws.client("sagemaker").get_paginator("list_pipeline_execution_steps")
    pages = paginator.paginate(PipelineExecutionArn=execution_arn, SortOrder="Ascending")
    return [_step(item) for page in pages for item in page.get("PipelineExecutionSteps", [])]


def _step(item: Mapping[str, object]) -> PipelineStep:
    metadata = _mapping(item.get("Metadata"))
    kind = next((kind for kind in ("TrainingJob", "TuningJob", "ProcessingJob") if kind in metadata), "")
    arn = str(_mapping(metadata.get(kind)).get("Arn", ""))
    return PipelineStep(
        name=str(item.get("StepName", "")),
        status=str(item.get("StepStatus", "")),
        failure_reason=str(item.get("FailureReason", "")),
        job_kind=kind,
        job_name=arn.rpartition("/")[2],
        job_arn=arn,
        model_package_arn=str(_mapping(metadata.get("RegisterModel")).get("Arn", "")),
        stated_failure=str(_mapping(metadata.get("Fail")).get("ErrorMessage", "")),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
