"""What a tuning job says of its trials: summaries of training jobs, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
_TAKEN_OVER = ("CreationTime", "TrainingStartTime", "TrainingEndTime", "TrainingJobStatus", "FailureReason")
_COUNTED = {"Completed": "Completed", "Failed": "NonRetryableError", "Stopped": "Stopped"}
MINIMIZE = "Minimize"


def summary(job: Json, values: dict[str, str], objective: Json) -> Json:
    """A trial as HyperParameterTrainingJobSummary: its training job's record, what it was given, its objective."""
    shown = {
        "TrainingJobName": job["TrainingJobName"],
        "TrainingJobArn": job["TrainingJobArn"],
        "TunedHyperParameters": values,
        **{name: job[name] for name in _TAKEN_OVER if name in job},
    }
    # While a job is being stopped, it runs.
    if shown["TrainingJobStatus"] == "Stopping":
        shown["TrainingJobStatus"] = "InProgress"
    if not ended(shown):
        return shown | {"ObjectiveStatus": "Pending"}
    final = next((m for m in job.get("FinalMetricDataList") or () if m["MetricName"] == objective["MetricName"]), None)
    # The service takes in what a job came to that was stopped early, and of a failed one nothing.
    if final is None or shown["TrainingJobStatus"] == "Failed":
        return shown | {"ObjectiveStatus": "Failed"}
    return shown | {
        "ObjectiveStatus": "Succeeded",
        "FinalHyperParameterTuningJobObjectiveMetric": {**objective, "Value": final["Value"]},
    }


def ended(trial: Json) -> bool:
    """Whether a trial's job has ended, well or not."""
    return trial["TrainingJobStatus"] in _COUNTED


def loss_of(trial: Json) -> float | None:
    """A trial's objective as a loss, less is better; None where it has none."""
    metric = trial.get("FinalHyperParameterTuningJobObjectiveMetric")
    if metric is None:
        return None
    return float(metric["Value"]) * as_loss(metric["Type"])


def as_loss(kind: str) -> float:
    """By what an objective of this type is multiplied to make less of it better."""
    return 1.0 if kind == MINIMIZE else -1.0


def best(trials: Sequence[Json]) -> Json | None:
    """The completed trial with the best objective, the first of equal ones; a stopped one may have left no model."""
    done = [trial for trial in trials if trial["TrainingJobStatus"] == "Completed" and loss_of(trial) is not None]
    return min(done, key=lambda trial: loss_of(trial) or 0.0, default=None)


def by_objective(trials: Sequence[Json]) -> list[Json]:
    """The trials, best first; those without an objective last."""
    return sorted(trials, key=lambda trial: (loss_of(trial) is None, loss_of(trial) or 0.0))


def counters(trials: Sequence[Json]) -> Json:
    """TrainingJobStatusCounters and ObjectiveStatusCounters."""
    statuses = dict.fromkeys(("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped"), 0)
    objectives = dict.fromkeys(("Succeeded", "Pending", "Failed"), 0)
    for trial in trials:
        statuses[_COUNTED.get(trial["TrainingJobStatus"], "InProgress")] += 1
        objectives[trial["ObjectiveStatus"]] += 1
    return {"TrainingJobStatusCounters": statuses, "ObjectiveStatusCounters": objectives}
