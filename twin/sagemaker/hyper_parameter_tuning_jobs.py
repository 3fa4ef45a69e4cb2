"""Hyperparameter tuning jobs."""

from __future__ import annotations

from typing import Final

from twin.emulator.hooks import Json, ServiceError
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.jobs.job import require_stoppable
from twin.sagemaker.listing import Listing, page
from twin.sagemaker.roles import require_role
from twin.sagemaker.search import ranges, trials
from twin.sagemaker.search.honoured import HYPER_PARAMETER_TUNING_JOB
from twin.sagemaker.search.tuning_job import TuningJob, stop_tuning
from twin.sagemaker.support import require_support
from twin.sagemaker.tags import forget_tags, set_tags
from twin.sagemaker.training_jobs import check_training

_KIND: Final = "hyper-parameter-tuning-job"
_LISTING = Listing(
    "HyperParameterTuningJobSummaries",
    (
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobArn",
        "HyperParameterTuningJobStatus",
        "Strategy",
        "CreationTime",
        "HyperParameterTuningEndTime",
        "LastModifiedTime",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
        "ResourceLimits",
    ),
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobStatus",
)
_OWN = ("trials", "tags")
_SORTED_BY = {"Name": "TrainingJobName", "Status": "TrainingJobStatus", "CreationTime": "CreationTime"}


def create_hyper_parameter_tuning_job(call: Call) -> Json:
    """CreateHyperParameterTuningJob: trials run from here on."""
    require_support(HYPER_PARAMETER_TUNING_JOB, call.parameters)
    definition = call.parameters.get("TrainingJobDefinition")
    if not definition:
        raise errors.validation("TrainingJobDefinition is required to run a tuning job here.")
    _check(call.parameters["HyperParameterTuningJobConfig"], definition)
    check_training(definition)
    require_role(definition["RoleArn"])
    name = call.parameters["HyperParameterTuningJobName"]
    arn = call.scope.arn(_KIND, name)
    record = {
        **call.given("Tags"),
        "HyperParameterTuningJobArn": arn,
        "HyperParameterTuningJobStatus": "InProgress",
        "trials": [],
        "tags": call.parameters.get("Tags") or [],
    }
    record = call.store.add(_KIND, name, record, lambda: _taken(arn))
    set_tags(call.store, arn, call.parameters.get("Tags"))
    TuningJob(call.store, record).start()
    return {"HyperParameterTuningJobArn": arn}


def _taken(arn: str) -> ServiceError:
    return errors.in_use(
        "Hyper parameter tuning job names must be unique within an AWS account and region, and one with this name "
        f"already exists ({arn})"
    )


def _check(config: Json, definition: Json) -> None:
    """Refuse a search that could not be made."""
    searched, limits = config.get("ParameterRanges") or {}, config["ResourceLimits"]
    objective = config.get("HyperParameterTuningJobObjective")
    found = list(ranges.problems(searched, definition.get("StaticHyperParameters") or {}))
    if not objective:
        found.append("HyperParameterTuningJobObjective is required to run a tuning job here.")
    else:
        names = [one["Name"] for one in definition["AlgorithmSpecification"].get("MetricDefinitions") or ()]
        if objective["MetricName"] not in names:
            found.append(
                f"The objective metric '{objective['MetricName']}' is none of the metric definitions: "
                f"{', '.join(names) or 'there are none'}."
            )
    if not limits.get("MaxNumberOfTrainingJobs"):
        found.append("ResourceLimits.MaxNumberOfTrainingJobs is required to run a tuning job here.")
    if not found and limits["MaxNumberOfTrainingJobs"] > (most := ranges.combinations(ranges.parse(searched))):
        found.append(
            f"MaxNumberOfTrainingJobs is {limits['MaxNumberOfTrainingJobs']}, and the ranges have {most:.0f} different "
            "combinations."
        )
    if found:
        raise errors.validation(" ".join(found))


def _job(call: Call) -> Json:
    name = call.parameters["HyperParameterTuningJobName"]
    return call.store.get(_KIND, name, lambda: errors.not_found(f"There is no hyper parameter tuning job {name}."))


def _described(record: Json) -> Json:
    best = trials.best(record["trials"])
    return {
        **{name: value for name, value in record.items() if name not in _OWN},
        **trials.counters(record["trials"]),
        **({"BestTrainingJob": best} if best else {}),
    }


def describe_hyper_parameter_tuning_job(call: Call) -> Json:
    """DescribeHyperParameterTuningJob: the configuration, how many trials ended how, and the best so far."""
    with call.store.lock:
        return _described(_job(call))


def stop_hyper_parameter_tuning_job(call: Call) -> Json:
    """StopHyperParameterTuningJob: running trials are stopped, and no further one begins."""
    with call.store.lock:
        record = _job(call)
        require_stoppable("hyper parameter tuning", record["HyperParameterTuningJobStatus"])
        call.store.update(record, HyperParameterTuningJobStatus="Stopping")
    stop_tuning(record["HyperParameterTuningJobArn"])
    return {}


def delete_hyper_parameter_tuning_job(call: Call) -> Json:
    """DeleteHyperParameterTuningJob: the record of one that has ended; its training jobs stay."""
    with call.store.lock:
        record = _job(call)
        if (status := record["HyperParameterTuningJobStatus"]) in ("InProgress", "Stopping"):
            raise errors.in_use(f"The tuning job is {status}; only one that has ended can be deleted.")
        call.store.of(_KIND).pop(record["HyperParameterTuningJobName"].lower())
    forget_tags(call.store, record["HyperParameterTuningJobArn"])
    return {}


def list_hyper_parameter_tuning_jobs(call: Call) -> Json:
    """ListHyperParameterTuningJobs."""
    with call.store.lock:
        described = [_described(record) for record in call.store.of(_KIND).values()]
    for one in described:
        config = one["HyperParameterTuningJobConfig"]
        one |= {"Strategy": config["Strategy"], "ResourceLimits": config["ResourceLimits"]}
    return _LISTING.answer(described, call.parameters)


def list_training_jobs_for_hyper_parameter_tuning_job(call: Call) -> Json:
    """ListTrainingJobsForHyperParameterTuningJob: by name unless asked otherwise; by objective, the best first."""
    given = call.parameters
    with call.store.lock:
        found = list(_job(call)["trials"])
    if status := given.get("StatusEquals"):
        found = [trial for trial in found if trial["TrainingJobStatus"] == status]
    key, descending = given.get("SortBy", "Name"), given.get("SortOrder") == "Descending"
    if key == "FinalObjectiveMetricValue":
        found = [trial for trial in found if trials.loss_of(trial) is not None]
        found.sort(key=lambda trial: trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"], reverse=descending)
    else:
        found.sort(key=lambda trial: trial[_SORTED_BY[key]], reverse=descending)
    return page(found, given, "TrainingJobSummaries")


OPERATIONS: Operations = {
    "CreateHyperParameterTuningJob": create_hyper_parameter_tuning_job,
    "DescribeHyperParameterTuningJob": describe_hyper_parameter_tuning_job,
    "StopHyperParameterTuningJob": stop_hyper_parameter_tuning_job,
    "DeleteHyperParameterTuningJob": delete_hyper_parameter_tuning_job,
    "ListHyperParameterTuningJobs": list_hyper_parameter_tuning_jobs,
    "ListTrainingJobsForHyperParameterTuningJob": list_training_jobs_for_hyper_parameter_tuning_job,
}
