"""Step 3, fine-tuning: the SageMaker pipeline that trains, evaluates, gates and registers a model."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk_app.settings import Settings
from stacks.foundation import Foundation


class FineTuning(cdk.Stack):
    """A SageMaker pipeline with its model package group and its two roles."""

    pipeline_name: str
    pipeline_arn: str
    model_package_group_name: str
    pipeline_role: iam.Role
    job_role: iam.Role

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation
    ) -> None:
        super().__init__(scope, construct_id)
