"""Processing jobs."""

from __future__ import annotations

from twin.emulator.hooks import Json
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.honoured import PROCESSING_JOB
from twin.sagemaker.images import require_image
from twin.sagemaker.jobs.job import require_stoppable, stop_job
from twin.sagemaker.jobs.processing import ProcessingJob
from twin.sagemaker.listing import Listing
from twin.sagemaker.roles import require_role
from twin.sagemaker.support import require_support
from twin.sagemaker.tags import set_tags

_LISTING = Listing(
    "ProcessingJobSummaries",
    (
        "ProcessingJobName",
        "ProcessingJobArn",
        "CreationTime",
        "ProcessingEndTime",
        "LastModifiedTime",
        "ProcessingJobStatus",
        "FailureReason",
        "ExitMessage",
    ),
    "ProcessingJobName",
    "ProcessingJobStatus",
)


def create_processing_job(call: Call) -> Json:
    """CreateProcessingJob: the job runs from here on."""
    require_support(PROCESSING_JOB, call.parameters)
    require_image(call.parameters["AppSpecification"]["ImageUri"], "processing")
    require_role(call.parameters["RoleArn"])
    name = call.parameters["ProcessingJobName"]
    arn = call.scope.arn("processing-job", name)
    record = {**call.given("Tags"), "ProcessingJobArn": arn, "ProcessingJobStatus": "InProgress"}
    record = call.store.add(
        "processing-job",
        name,
        record,
        lambda: errors.in_use(
            "Processing job names must be unique within an AWS account and region, and a processing job with this "
            f"name already exists ({arn})"
        ),
    )
    set_tags(call.store, arn, call.parameters.get("Tags"))
    ProcessingJob(call.store, record).start()
    return {"ProcessingJobArn": arn}


def _job(call: Call) -> Json:
    name = call.parameters["ProcessingJobName"]
    return call.store.get("processing-job", name, lambda: errors.validation("Requested resource not found."))


def describe_processing_job(call: Call) -> Json:
    """DescribeProcessingJob."""
    return _job(call)


def stop_processing_job(call: Call) -> Json:
    """StopProcessingJob: the job's process is told to end."""
    with call.store.lock:
        record = _job(call)
        require_stoppable("processing", record["ProcessingJobStatus"])
        call.store.update(record, ProcessingJobStatus="Stopping")
    stop_job(record["ProcessingJobArn"])
    return {}


def list_processing_jobs(call: Call) -> Json:
    """ListProcessingJobs."""
    return _LISTING.answer(call.store.of("processing-job").values(), call.parameters)


OPERATIONS: Operations = {
    "CreateProcessingJob": create_processing_job,
    "DescribeProcessingJob": describe_processing_job,
    "StopProcessingJob": stop_processing_job,
    "ListProcessingJobs": list_processing_jobs,
}
