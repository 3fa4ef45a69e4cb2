"""A Lambda function of ours: one folder of `lambdas/`, its own role, an encrypted log group that expires.

Each runs on the Python that synthesizes, so that the bytecode in its archive is valid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.assets import lambda_folder
from cdk_app.bytecode import runtime
from cdk_app.constructs.grants import allow, closed_role, policy_of
from cdk_app.constructs.retention import log_group
from cdk_app.nag import acknowledge


@dataclass(frozen=True)
class Program:
    """What a function is started by.

    Attributes:
        folder: what lies in its archive.
        handler: what Lambda starts of it.
        layers: what lies beside it.
    """

    folder: Path
    handler: str
    layers: Sequence[lambda_.ILayerVersion] = ()

    @classmethod
    def of(cls, name: str) -> Program:
        """The handler of `lambdas/<name>`."""
        return cls(lambda_folder(name), f"lambdas.{name}.handler.handle")


class PythonFunction(Construct):
    """The function of `lambdas/<name>/handler.py`, with permission to write its own log and nothing else.

    Grant what it needs on `role` (see `cdk_app.constructs.grants`). A function that is started otherwise than by its
    handler has a `program` of its own.
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
        program: Program | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        program = program or Program.of(name)
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
            code=lambda_.Code.from_asset(str(program.folder)),
            handler=program.handler,
            layers=list(program.layers),
            runtime=runtime(),
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
            "A function runs on the Python that synthesizes it: the newest that Spark and the tests run on is 3.12.",
        )
