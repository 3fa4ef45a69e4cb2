"""What a search of hyperparameters tried: each trial with its objective, as the service lists them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def search_of(sagemaker: Any, pipeline: str, run_id: str) -> dict[str, Any] | None:
    """Return the search that a run's pipeline execution made; None where it made none.

    `{"metric", "lower_is_better", "strategy", "best", "trials": [{"name", "status", "value", "values", "seconds"}]}`,
    the trials in the order in which they began; `best` is a trial's name, or None.
    """
    for execution in _executions(sagemaker, pipeline, run_id):
        steps = sagemaker.get_paginator("list_pipeline_execution_steps")
        for page in steps.paginate(PipelineExecutionArn=execution):
            for step in page["PipelineExecutionSteps"]:
                if made := step.get("Metadata", {}).get("TuningJob"):
                    return _described(sagemaker, made["Arn"].rpartition("/")[2])
    return None


def _executions(sagemaker: Any, pipeline: str, run_id: str) -> Iterator[str]:
    """The run's executions, the newest first: the workflow calls each by the run's id."""
    for page in sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline):
        for one in page["PipelineExecutionSummaries"]:
            if one["PipelineExecutionDisplayName"] == run_id.replace("_", "-"):
                yield one["PipelineExecutionArn"]


def _described(sagemaker: Any, name: str) -> dict[str, Any]:
    job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    config = job["HyperParameterTuningJobConfig"]
    objective = config["HyperParameterTuningJobObjective"]
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    trials = [
        trial
        for page in pages.paginate(HyperParameterTuningJobName=name, SortBy="CreationTime")
        for trial in page["TrainingJobSummaries"]
    ]
    return {
        "metric": objective["MetricName"],
        "lower_is_better": objective["Type"] == "Minimize",
        "strategy": config["Strategy"].lower(),
        "best": job.get("BestTrainingJob", {}).get("TrainingJobName"),
        "trials": [_trial(trial) for trial in trials],
    }


def _trial(trial: dict[str, Any]) -> dict[str, Any]:
    metric = trial.get("FinalHyperParameterTuningJobObjectiveMetric", {})
    began, ended = trial.get("TrainingStartTime"), trial.get("TrainingEndTime")
    return {
        "name": trial["TrainingJobName"],
        "status": trial["TrainingJobStatus"],
        "value": metric.get("Value"),
        "values": dict(sorted(trial["TunedHyperParameters"].items())),
        "seconds": round((ended - began).total_seconds(), 1) if began and ended else None,
        "reason": trial.get("FailureReason"),
    }
