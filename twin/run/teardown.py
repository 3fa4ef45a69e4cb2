"""Take down what a run deployed, and say what is left.

The run's own products go first (`twin.run.products`); then the CDK CLI destroys the stacks; then go the log groups
that services made by themselves. The account is this machine's, and a run begins on an empty one: what is in it,
but for CDK's bootstrap stack, is Fourfold's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from twin import deployment
from twin.emulator import Emulator
from twin.run import products
from twin.run.board import Progress
from twin.run.kept import Resource, remember
from twin.run.staging import Show


@dataclass(frozen=True)
class TornDown:
    """What became of an environment.

    Attributes:
        kept: the resources that the templates retain on purpose, those of stacks that were gone before too.
        model_packages: the ARNs of what the retained model package groups hold, with whether the artefact is there.
        dying_keys: the ids of the KMS keys that are gone only when their waiting period is over, with its end.
        log_groups: the names of the log groups that no stack had, now deleted.
    """

    kept: list[Resource]
    model_packages: dict[str, bool]
    dying_keys: dict[str, datetime]
    log_groups: list[str]


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
                if not summary.get("PhysicalResourceId"):
                    continue  # the deployment ended before it was made
                declared = template["Resources"].get(summary["LogicalResourceId"], {})
                retained = declared.get("DeletionPolicy", "Delete") != "Delete"
                found.append(Resource(stack, summary["ResourceType"], summary["PhysicalResourceId"], retained))
    return found


def tear_down(emulator: Emulator, environment: str, assembly: Path, show: Show) -> TornDown:
    """Remove an environment and all that its runs made, and return what is kept.

    Raises:
        EmulatorError: the CDK CLI failed; with its last lines.
    """
    found = resources(emulator, environment)
    staying = remember(emulator.work_dir, [resource for resource in found if resource.stays])
    for resource in found:
        _remove_products(emulator, resource, show)
    total = len(stacks(emulator, environment))
    done = 0

    def count(line: str) -> None:
        nonlocal done
        done += line.strip().startswith("✅")
        show(Progress("destroy", min(done, total), total, "stacks"))

    deployment.destroy(emulator, assembly, count)
    kept = [resource for resource in staying if resource.retained]
    packages = {arn: found for resource in kept for arn, found in _packages_of(emulator, resource).items()}
    keys = [resource.id for resource in staying if not resource.retained]
    return TornDown(kept, packages, _dying(emulator, keys), products.delete_log_groups(emulator.client("logs")))


def _remove_products(emulator: Emulator, resource: Resource, show: Show) -> None:
    if resource.retained:
        return
    if resource.type == "AWS::S3::Bucket":
        show(Progress(f"empty {resource.id}"))
        products.empty_bucket(emulator.client("s3"), resource.id)
    elif resource.type == "AWS::SageMaker::ModelPackageGroup":
        show(Progress(f"delete the packages of {resource.id}"))
        products.delete_model_packages(emulator.client("sagemaker"), resource.id)
    elif resource.type == "AWS::SageMaker::Pipeline":
        show(Progress(f"delete the jobs of {resource.id}"))
        products.delete_jobs(emulator.client("sagemaker"), resource.id)


def _packages_of(emulator: Emulator, resource: Resource) -> dict[str, bool]:
    if resource.type != "AWS::SageMaker::ModelPackageGroup":
        return {}
    sagemaker, s3 = emulator.client("sagemaker"), emulator.client("s3")
    return {arn: products.has_artefact(sagemaker, s3, arn) for arn in products.model_packages(sagemaker, resource.id)}


def _dying(emulator: Emulator, keys: list[str]) -> dict[str, datetime]:
    described = [emulator.client("kms").describe_key(KeyId=key)["KeyMetadata"] for key in keys]
    return {key["KeyId"]: key["DeletionDate"] for key in described}
