"""What a run makes beside its stacks' resources, and how it is removed: objects, models, jobs and logs.

CloudFormation deletes neither a bucket with objects nor a model package group with packages, here as on AWS. The
records of jobs, and the log groups that services make by themselves, belong to no stack at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError


def empty_bucket(s3: Any, bucket: str) -> None:
    """Delete every version and every delete marker of a bucket's objects."""
    for batch in _versions(s3, bucket):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def _versions(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if listed:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed]


def model_packages(sagemaker: Any, group: str) -> list[str]:
    """The ARNs of a group's model packages; the group by its name or its ARN."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group.rsplit("/", 1)[-1])
    return [package["ModelPackageArn"] for page in pages for package in page["ModelPackageSummaryList"]]


def has_artefact(sagemaker: Any, s3: Any, package: str) -> bool:
    """Whether the artefacts that a model package names are there still: without them it is a record, and no model."""
    described = sagemaker.describe_model_package(ModelPackageName=package)
    containers = described.get("InferenceSpecification", {}).get("Containers", [])
    addresses = [container["ModelDataUrl"] for container in containers if "ModelDataUrl" in container]
    return bool(addresses) and all(_exists(s3, address) for address in addresses)


def _exists(s3: Any, address: str) -> bool:
    place = urlsplit(address)
    try:
        s3.head_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
            return False
        raise
    return True


def delete_model_packages(sagemaker: Any, group: str) -> None:
    """Delete every model package of a group."""
    for arn in model_packages(sagemaker, group):
        sagemaker.delete_model_package(ModelPackageName=arn)


def delete_jobs(sagemaker: Any, pipeline: str) -> None:
    """Delete the records of the jobs that a pipeline has run. They are found through its executions: while it stands.

    Raises botocore's ClientError where one of them runs still.
    """
    for kind, arn in list(_jobs(sagemaker, pipeline)):
        name = arn.rsplit("/", 1)[-1]
        if kind == "TrainingJob":
            sagemaker.delete_training_job(TrainingJobName=name)
        elif kind == "ProcessingJob":
            sagemaker.delete_processing_job(ProcessingJobName=name)
        elif kind == "TuningJob":
            _delete_search(sagemaker, name)


def _delete_search(sagemaker: Any, name: str) -> None:
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    for page in pages.paginate(HyperParameterTuningJobName=name):
        for trial in page["TrainingJobSummaries"]:
            sagemaker.delete_training_job(TrainingJobName=trial["TrainingJobName"])
    sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def _jobs(sagemaker: Any, pipeline: str) -> Iterator[tuple[str, str]]:
    """The kinds and ARNs of what the steps of a pipeline's executions have made.

    A step that took its result from the cache names the job of another one.
    """
    executions = sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline)
    arns = [one["PipelineExecutionArn"] for page in executions for one in page["PipelineExecutionSummaries"]]
    seen: set[str] = set()
    for arn in arns:
        for page in sagemaker.get_paginator("list_pipeline_execution_steps").paginate(PipelineExecutionArn=arn):
            for step in page["PipelineExecutionSteps"]:
                for kind, made in step.get("Metadata", {}).items():
                    if "Arn" in made and made["Arn"] not in seen:
                        seen.add(made["Arn"])
                        yield kind, made["Arn"]


def delete_log_groups(logs: Any) -> list[str]:
    """Delete every log group of the account and return their names.

    For when the stacks are gone, with the log groups that are theirs: what is left, services have made.
    """
    pages = logs.get_paginator("describe_log_groups").paginate()
    names = sorted(group["logGroupName"] for page in pages for group in page["logGroups"])
    for name in names:
        logs.delete_log_group(logGroupName=name)
    return names
