"""Training jobs."""

from __future__ import annotations

import re
import time

from twin.emulator.hooks import Json, ServiceError
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.capacity_rules import require_consistent_capacity
from twin.sagemaker.honoured import TRAINING_JOB
from twin.sagemaker.images import require_image
from twin.sagemaker.jobs.job import require_stoppable, stop_job
from twin.sagemaker.jobs.training import TrainingJob, warm_pool
from twin.sagemaker.listing import Listing
from twin.sagemaker.roles import require_role
from twin.sagemaker.support import require_support
from twin.sagemaker.tags import set_tags

_LISTING = Listing(
    "TrainingJobSummaries",
    (
        "TrainingJobName",
        "TrainingJobArn",
        "CreationTime",
        "TrainingEndTime",
        "LastModifiedTime",
        "TrainingJobStatus",
        "SecondaryStatus",
    ),
    "TrainingJobName",
    "TrainingJobStatus",
)


def create_training_job(call: Call) -> Json:
    """CreateTrainingJob: the job runs from here on."""
    require_support(TRAINING_JOB, call.parameters)
    check_training(call.parameters)
    require_role(call.parameters["RoleArn"])
    return {"TrainingJobArn": launch(call).arn}


def check_training(given: Json) -> None:
    """Refuse a training job, or the definition of a tuning job's, that lacks what is needed to run it here."""
    for member in ("AlgorithmSpecification", "ResourceConfig", "StoppingCondition"):
        if not given.get(member):
            raise errors.validation(f"{member} is required to run a training job here.")
    require_consistent_capacity(given)
    require_image(given["AlgorithmSpecification"].get("TrainingImage") or "", "training")
    _require_patterns(given["AlgorithmSpecification"].get("MetricDefinitions") or ())


def launch(call: Call, further: Json | None = None) -> TrainingJob:
    """Start a job whose request has been checked; `further` is what its record has beside the request's members."""
    name = call.parameters["TrainingJobName"]
    arn = call.scope.arn("training-job", name)
    started = {"Status": "Starting", "StartTime": time.time(), "StatusMessage": "Starting the training job"}
    record = {
        **call.given("Tags"),
        **(further or {}),
        "TrainingJobArn": arn,
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "SecondaryStatusTransitions": [started],
    }
    if call.parameters["ResourceConfig"].get("KeepAlivePeriodInSeconds"):
        record["WarmPoolStatus"] = warm_pool("InUse")
    record = call.store.add("training-job", name, record, lambda: _taken(arn))
    set_tags(call.store, arn, call.parameters.get("Tags"))
    job = TrainingJob(call.store, record)
    job.start()
    return job


def _taken(arn: str) -> ServiceError:
    return errors.in_use(
        "Training job names must be unique within an AWS account and region, and a training job with this name "
        f"already exists ({arn})"
    )


def _require_patterns(definitions: tuple[Json, ...] | list[Json]) -> None:
    for definition in definitions:
        try:
            re.compile(definition["Regex"])
        except re.error as error:
            raise errors.validation(f"The regex of metric {definition['Name']} is not valid: {error}.") from error


def _job(call: Call) -> Json:
    name = call.parameters["TrainingJobName"]
    return call.store.get("training-job", name, lambda: errors.validation("Requested resource not found."))


def describe_training_job(call: Call) -> Json:
    """DescribeTrainingJob."""
    return _job(call)


def stop_training_job(call: Call) -> Json:
    """StopTrainingJob: the job's process is told to end; what it has left by then is uploaded."""
    with call.store.lock:
        record = _job(call)
        require_stoppable("training", record["TrainingJobStatus"])
        call.store.update(record, TrainingJobStatus="Stopping", SecondaryStatus="Stopping")
    stop_job(record["TrainingJobArn"])
    return {}


def list_training_jobs(call: Call) -> Json:
    """ListTrainingJobs."""
    return _LISTING.answer(call.store.of("training-job").values(), call.parameters)


OPERATIONS: Operations = {
    "CreateTrainingJob": create_training_job,
    "DescribeTrainingJob": describe_training_job,
    "StopTrainingJob": stop_training_job,
    "ListTrainingJobs": list_training_jobs,
}
