"""Take down what a run deployed, and say what is left.

CloudFormation deletes neither a bucket with objects nor a model package group with packages, here as on AWS. The
workflow's own products are therefore removed first; then the CDK CLI destroys the stacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin import deployment
from twin.emulator import Emulator
from twin.run.board import Progress
from twin.run.staging import Show


@dataclass(frozen=True)
class Resource:
    """A resource of a stack: its type, its physical id, and what its template says of its end."""

    stack: str
    type: str
    id: str
    retained: bool


def stacks(emulator: Emulator, environment: str) -> list[str]:
    """Return the names of an environment's stacks that exist."""
    prefix = f"Fourfold-{environment}-"
    pages = emulator.client("cloudformation").get_paginator("describe_stacks").paginate()
    return [
        stack["StackName"]
        for page in pages
        for stack in page["Stacks"]
        if stack["StackName"].startswith(prefix) and stack["StackStatus"] != "DELETE_COMPLETE"
    ]


def resources(emulator: Emulator, environment: str) -> list[Resource]:
    """Return every resource of an environment's stacks."""
    client, found = emulator.client("cloudformation"), []
    for stack in stacks(emulator, environment):
        template = client.get_template(StackName=stack)["TemplateBody"]
        for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
            for summary in page["StackResourceSummaries"]:
                declared = template["Resources"].get(summary["LogicalResourceId"], {})
                retained = declared.get("DeletionPolicy", "Delete") != "Delete"
                found.append(Resource(stack, summary["ResourceType"], summary["PhysicalResourceId"], retained))
    return found


def tear_down(emulator: Emulator, environment: str, assembly: Path, show: Show) -> list[Resource]:
    """Remove an environment and return the resources that its templates retain on purpose."""
    before = resources(emulator, environment)
    for resource in before:
        if resource.retained:
            continue
        if resource.type == "AWS::S3::Bucket":
            show(Progress(f"empty {resource.id}"))
            empty_bucket(emulator.client("s3"), resource.id)
        elif resource.type == "AWS::SageMaker::ModelPackageGroup":
            show(Progress(f"delete the packages of {resource.id}"))
            delete_model_packages(emulator.client("sagemaker"), resource.id)
    total = len(stacks(emulator, environment))
    done = 0

    def count(line: str) -> None:
        nonlocal done
        done += line.strip().startswith("✅")
        show(Progress("destroy", min(done, total), total, "stacks"))

    deployment.destroy(emulator, assembly, count)
    return [resource for resource in before if resource.retained]


def empty_bucket(s3: Any, bucket: str) -> None:
    """Delete every version and every delete marker of a bucket's objects."""
    for batch in _versions(s3, bucket):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def _versions(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if listed:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed]


def delete_model_packages(sagemaker: Any, group: str) -> None:
    """Delete every model package of a group."""
    name = group.rsplit("/", 1)[-1]
    for page in sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=name):
        for package in page["ModelPackageSummaryList"]:
            sagemaker.delete_model_package(ModelPackageName=package["ModelPackageArn"])
