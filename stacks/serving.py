"""Step 4, serving: the endpoint of the approved model. Until one is approved, it does not exist."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk_app.settings import Settings
from stacks.foundation import Foundation

MODEL_DATA_PARAMETER = "ApprovedModelDataUrl"  # CloudFormation parameter, typed as an SSM parameter's name


class Serving(cdk.Stack):
    """Model, endpoint configuration and endpoint, all on the condition that an approved model is named.

    `endpoint_name` is a plain string, known at synthesis: whoever names it depends on no resource of this stack.
    `rollback_alarms` exist from the start, so that an update of this stack may name them as CloudFormation
    roll-back triggers.
    """

    endpoint_name: str
    model_role: iam.Role
    rollback_alarms: list[cloudwatch.Alarm]

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation
    ) -> None:
        super().__init__(scope, construct_id)
