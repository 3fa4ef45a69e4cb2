"""The operations by which a pipeline's step runs a job, by the step's type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JobCalls:
    """The operations of one kind of job, the members that its answers have, and how long its name may be."""

    noun: str
    create: str
    describe: str
    stop: str
    metadata: str
    longest_name: int = 63


JOBS = {
    "Training": JobCalls(
        "TrainingJob", "create_training_job", "describe_training_job", "stop_training_job", "TrainingJob"
    ),
    "Tuning": JobCalls(
        "HyperParameterTuningJob",
        "create_hyper_parameter_tuning_job",
        "describe_hyper_parameter_tuning_job",
        "stop_hyper_parameter_tuning_job",
        "TuningJob",
        32,
    ),
    "Processing": JobCalls(
        "ProcessingJob", "create_processing_job", "describe_processing_job", "stop_processing_job", "ProcessingJob"
    ),
}
