"""AWS Deep Learning Containers by their address in the stack's own region."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import region_info
from constructs import Construct

from cdk_app.constructs.grants import allow

INFERENCE_REPOSITORY = "llama-cpp"
INFERENCE_TAG = "server-sagemaker-cpu-v1"


def dlc_account(scope: Construct) -> str:
    """Account that owns the AWS Deep Learning Containers in the region the stack is deployed to."""
    account = cdk.Stack.of(scope).regional_fact(region_info.FactName.DLC_REPOSITORY_ACCOUNT)
    assert account is not None  # the table of regions has this fact, or synthesis stops above
    return account


def inference_image(scope: Construct) -> str:
    """llama.cpp on a CPU, for SageMaker: serves any `*.gguf` of the model artefact, OpenAI's chat format."""
    registry = f"{dlc_account(scope)}.dkr.ecr.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}"
    return f"{registry}/{INFERENCE_REPOSITORY}:{INFERENCE_TAG}"


def pull_images(role: iam.Role, repository: str) -> None:
    """Pull the images of one repository of the AWS Deep Learning Containers."""
    account = dlc_account(role)
    arn = f"arn:{cdk.Aws.PARTITION}:ecr:{cdk.Aws.REGION}:{account}:repository/{repository}"
    layers = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    allow(role, layers, [arn])
    allow(
        role,
        ["ecr:GetAuthorizationToken"],
        ["*"],
        reason="ecr:GetAuthorizationToken logs in to the registry as a whole; it has no resource level.",
    )
