"""Where an approved model goes: the registry's approval, the serving stack's parameter, the gateway's parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from stacks.state_machine.retrying import Passing
from stacks.state_machine.stack_update import StackUpdate
from stacks.state_machine.steps import Steps

UPDATE_WITHIN = cdk.Duration.minutes(90)


@dataclass(frozen=True)
class Delivery:
    """The resources that a roll-out writes to. `alarms` are those of the endpoint.

    `model_packages` is the ARN pattern of the packages in the registry's group, `pipeline_executions` that of the
    executions that register them.
    """

    model_data_url: ssm.StringParameter
    target: ssm.StringParameter
    stack_id: str
    stack_parameter: str
    alarms: Sequence[cloudwatch.IAlarm]
    model_packages: str
    pipeline_executions: str

    def publish_target(self, steps: Steps, name: str, target: str, *, comment: str) -> tasks.CallAwsService:
        """A state that tells the gateway which model to use; `target` is the document as JSON, or `none`."""
        return self._put(steps, name, self.target, target, comment, None)

    def serve(
        self,
        steps: Steps,
        name: str,
        noun: str,
        model_data_url: str,
        *,
        comment: str,
        watched: bool,
        then: sfn.IChainable,
        otherwise: sfn.IChainable,
    ) -> tasks.CallAwsService:
        """States that name a model's address (or `none`) to the serving stack, and update it.

        The first is called `name`; `noun` tells the others apart from those of another update. When `watched`,
        the endpoint's alarms undo the update, but for those that ring already.
        """
        alarms = self.alarms if watched else ()
        update = StackUpdate(
            steps, noun, self.stack_id, self.stack_parameter, "serving_deadline", UPDATE_WITHIN, alarms
        )
        put = self._put(steps, name, self.model_data_url, model_data_url, comment, update.begin())
        put.next(update.states(then=then, otherwise=otherwise))
        return put

    def judge_package(
        self, steps: Steps, name: str, arn: str, status: Literal["Approved", "Rejected"], *, comment: str
    ) -> tasks.CallAwsService:
        """A state that sets the approval status of a model package; `arn` is JSONata for its ARN."""
        return steps.call(
            name,
            "sagemaker:updateModelPackage",
            comment=comment,
            parameters={
                "ModelPackageArn": arn,
                "ModelApprovalStatus": status,
                "ApprovalDescription": "{% 'Run ' & $run.run_id %}",
            },
            resources=[self.model_packages],
            outputs={},
        )

    def find_package(self, steps: Steps, name: str, *, comment: str) -> tasks.CallAwsService:
        """A state whose output has as `arn` the model package that this run's pipeline registered, if it did."""
        return steps.call(
            name,
            "sagemaker:listPipelineExecutionSteps",
            comment=comment,
            parameters={"PipelineExecutionArn": "{% $pipeline_execution_arn %}", "MaxResults": 100},
            resources=[self.pipeline_executions],
            outputs="{% {'arn': $states.result.PipelineExecutionSteps.Metadata.RegisterModel.Arn} %}",
        )

    def _put(
        self,
        steps: Steps,
        name: str,
        parameter: ssm.StringParameter,
        value: str,
        comment: str,
        assign: dict[str, Any] | None,
    ) -> tasks.CallAwsService:
        return steps.call(
            name,
            "ssm:putParameter",
            comment=comment,
            parameters={
                "Name": parameter.parameter_name,
                "Value": value,
                "Type": "String",
                "Overwrite": True,
            },
            resources=[parameter.parameter_arn],
            assign=assign,
            passing=Passing(["Ssm.TooManyUpdatesException"]),
            outputs={},
        )
