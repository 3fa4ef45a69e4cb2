"""A Lambda function of ours: one folder of `lambdas/`, its own role, an encrypted log group that expires."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct



class PythonFunction(Construct):
    """The function of `lambdas/<name>/handler.py`, with permission to write its own log and nothing else.

    Grant what it needs on `role` (see `cdk_app.constructs.grants`).
    """

    function: lambda_.Function
    role: iam.Role
    log_group: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        key: kms.Key,
        environment: Mapping[str, str] | None = None,
        timeout: cdk.Duration | None = None,
        memory_mb: int = 256,
        traced: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
