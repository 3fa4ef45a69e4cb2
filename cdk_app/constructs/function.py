"""A Lambda function of ours: one folder of `lambdas/`, its own role, an encrypted log group that expires."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.assets import lambda_folder
from cdk_app.constructs.grants import allow, closed_role, policy_of
from cdk_app.constructs.retention import log_group
from cdk_app.nag import acknowledge


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
        key: kms.IKey,
        environment: Mapping[str, str] | None = None,
        timeout: cdk.Duration | None = None,
        memory_mb: int = 256,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = log_group(self, "Log", key)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Function {name}: {description}",
        )
        allow(self.role, ["logs:CreateLogStream", "logs:PutLogEvents"], [self.log_group.log_group_arn])
        self.function = lambda_.Function(
            self,
            "Function",
            code=lambda_.Code.from_asset(str(lambda_folder(name))),
            handler=f"lambdas.{name}.handler.handle",
            runtime=lambda_.Runtime.PYTHON_3_12,
            architecture=lambda_.Architecture.ARM_64,
            description=description,
            environment=dict(environment or {}),
            timeout=timeout or cdk.Duration.seconds(30),
            memory_size=memory_mb,
            log_group=self.log_group,
            role=closed_role(self.role),
        )
        self.function.node.add_dependency(policy_of(self.role))
        acknowledge(
            self.function,
            "L1",
            "Python 3.12 is the newest version that the tests run the functions on.",
        )
