"""The SageMaker SDK without AWS: importing this module first makes every use of the SDK offline.

Several of the SDK's modules read the region at import time, and its sessions look for credentials, buckets
and roles. Here they find placeholders, and any attempt to reach the network raises.
"""
# ruff: noqa: E402  (the environment must be ready before the SDK is imported)

from __future__ import annotations

import logging
import os
from typing import Any

# Only to address images; the region is replaced by a placeholder afterwards.
REGION = "us-east-1"

os.environ.update(
    AWS_DEFAULT_REGION=REGION,
    AWS_REGION=REGION,
    AWS_ACCESS_KEY_ID="offline",
    AWS_SECRET_ACCESS_KEY="offline",  # noqa: S106
    AWS_EC2_METADATA_DISABLED="true",
    SAGEMAKER_TELEMETRY_OPT_OUT="1",
    SAGEMAKER_VALIDATE_ROLE="false",
)
os.environ.pop("AWS_PROFILE", None)

import boto3
import botocore.httpsession
from sagemaker.core.workflow.pipeline_context import PipelineSession

from pipelines.definition.placeholders import Placeholder

# The SDK looks up a role that is not an ARN, and uploads a file that is not in S3: these stand in for both.
_ROLE = "arn:aws:iam::123456789012:role/"
_OBJECT = "s3://stand-in/"


def _refuse(_session: Any, request: Any) -> None:
    raise RuntimeError(
        f"rendering the definition tried to call {request.url}: everything in it must be a "
        "parameter, a placeholder or a constant"
    )


class OfflineSession(PipelineSession):  # type: ignore[misc]  # the SDK is untyped
    """A session that collects the requests of the steps and sends none."""

    def default_bucket(self) -> str:
        """Name a bucket that nothing is put into: the base class would look one up or create it."""
        return "unused"


def offline_session() -> OfflineSession:
    """Give the session to build steps with; from here on the network is closed to the process."""
    botocore.httpsession.URLLib3Session.send = _refuse
    logging.getLogger("sagemaker").setLevel(logging.ERROR)
    return OfflineSession(boto_session=boto3.Session(region_name=REGION))


def role(placeholder: Placeholder) -> str:
    """Give what the SDK takes for a role; `restore` puts the placeholder back."""
    return _ROLE + placeholder.name


def s3_object(placeholder: Placeholder) -> str:
    """Give what the SDK takes for an object in S3; `restore` puts the placeholder back."""
    return _OBJECT + placeholder.name


def restore(definition: str, placeholders: tuple[Placeholder, ...]) -> str:
    """Put the placeholders where `role` and `s3_object` gave something that stands in for them."""
    for placeholder in placeholders:
        for stand_in in (role(placeholder), s3_object(placeholder)):
            definition = definition.replace(f'"{stand_in}"', f'"{placeholder.reference}"')
    return definition
