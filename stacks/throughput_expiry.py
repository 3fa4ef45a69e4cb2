"""What deletes provisioned throughput when its time is over: a function, and the role that schedules call it by.

Both stay when their stack goes, or the settings stop naming `provisioned`: throughput that was bought before would
otherwise lose its end, and bill until somebody notices. docs/bedrock_customization.md says what is left, and when it
may be deleted.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.constructs.alarms import notifying_alarm
from cdk_app.constructs.bedrock import in_account, of_this_workflow
from cdk_app.constructs.function import PythonFunction
from cdk_app.constructs.grants import allow, publish, read_parameter
from cdk_app.settings import Settings, customization_prefix
from stacks.foundation import Foundation

_THROUGHPUT = "provisioned-model"
# As long as a function may take: throughput that is being created is waited for.
_TIMEOUT = cdk.Duration.minutes(15)


class ThroughputExpiry(Construct):
    """The function, the role of the schedules, and an alarm on the function's errors."""

    function: lambda_.Function
    scheduler_role: iam.Role
    schedules: str
    """ARN pattern of this workflow's schedules, by their names."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation) -> None:
        super().__init__(scope, construct_id)
        account = f"arn:{cdk.Aws.PARTITION}:scheduler:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}"
        self.schedules = f"{account}:schedule/default/{customization_prefix(settings)}-*"
        made = self._function(settings, foundation)
        self.function = made.function
        self.scheduler_role = self._scheduler_role()
        _keep(made)
        _keep(self.scheduler_role)
        notifying_alarm(
            self,
            "Errors",
            self.function.metric_errors(period=cdk.Duration.minutes(5)),
            threshold=1,
            meaning="Throughput on Bedrock may have outlived its time, and bill: see the log of the function "
            "expire_throughput, and `aws bedrock list-provisioned-model-throughputs`.",
            topic=foundation.notifications,
        )

    def _function(self, settings: Settings, foundation: Foundation) -> PythonFunction:
        made = PythonFunction(
            self,
            "ExpireThroughput",
            name="expire_throughput",
            description="Deletes provisioned throughput whose time to live is over.",
            key=foundation.key,
            environment={
                "TOPIC_ARN": foundation.notifications.topic_arn,
                "TARGET_PARAMETER": foundation.approved_target.parameter_name,
            },
            timeout=_TIMEOUT,
        )
        throughput = [in_account(_THROUGHPUT)]
        # What is gone has no tags: asking after it must not depend on them.
        allow(made.role, ["bedrock:GetProvisionedModelThroughput"], throughput)
        own = of_this_workflow(settings)
        allow(made.role, ["bedrock:DeleteProvisionedModelThroughput"], throughput, conditions=own)
        read_parameter(made.role, foundation.approved_target)
        publish(made.role, foundation.notifications, key=foundation.key)
        return made

    def _scheduler_role(self) -> iam.Role:
        """One function may be called, by this account's schedules."""
        principal = iam.ServicePrincipal(
            "scheduler.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
        )
        role = iam.Role(self, "SchedulerRole", assumed_by=principal, description="Deletes throughput in time.")
        allow(role, ["lambda:InvokeFunction"], [self.function.function_arn])
        return role


def _keep(construct: Construct) -> None:
    """Leave a construct's resources where they are when they leave the template; its logs go, as all logs do."""
    for child in construct.node.find_all():
        if isinstance(child, cdk.CfnResource) and not isinstance(child, logs.CfnLogGroup):
            # Not by a first deployment that is rolled back: nothing has been bought then.
            child.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
