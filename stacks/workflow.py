"""The workflow: one state machine that wires the four steps, prepare → select → tune → deploy.

Its states are built in `stacks.state_machine`; here they get their functions, their role and their log. The
role carries exactly what the states said they need, and is closed against CDK's own additions, which would
allow every qualifier of every function.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk_app.constructs.bedrock import CUSTOMIZING
from cdk_app.constructs.grants import allow, closed_role, policy_of, through_service
from cdk_app.constructs.names import resource_name
from cdk_app.settings import Settings
from stacks.customization import Customization
from stacks.data_preparation import DataPreparation
from stacks.fine_tuning import FineTuning
from stacks.foundation import Foundation
from stacks.gateway import Gateway
from stacks.model_selection import ModelSelection
from stacks.serving import MODEL_DATA_PARAMETER, Serving
from stacks.state_machine.customizing import customize
from stacks.state_machine.delivery import UPDATE_WITHIN, Delivery
from stacks.state_machine.deploying import deploy
from stacks.state_machine.failing import explain_failure
from stacks.state_machine.functions import FunctionFactory, WorkflowFunctions
from stacks.state_machine.preparing import prepare
from stacks.state_machine.selecting import needs_tuning, select
from stacks.state_machine.steps import Steps
from stacks.state_machine.taking_back import discard_model
from stacks.state_machine.tuning import tune, where_to_tune
from stacks.training_capacity import attempts, pauses_s

# Everything that has no timeout of its own below: selection, comparison, test, record, and their retries.
_REST = cdk.Duration.hours(6)

# The longest that a run may ask a job to run, and a job on spot instances to wait besides.
_LONGEST_JOB, _LONGEST_ON_SPOT = cdk.Duration.minutes(7_200), cdk.Duration.minutes(14_400)
# Step Functions ends an execution after a year, whatever its own limit.
_LONGEST_EXECUTION = cdk.Duration.days(365)
_TELEMETRY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


class Workflow(cdk.Stack):
    """The state machine and the functions that only it calls."""

    state_machine: sfn.StateMachine

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: Foundation,
        data_preparation: DataPreparation,
        model_selection: ModelSelection,
        fine_tuning: FineTuning,
        serving: Serving,
        gateway: Gateway,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._foundation = foundation
        self._name = resource_name(settings)
        arn = self._arn("states", f"stateMachine:{self._name}")
        functions = FunctionFactory(self, foundation, arn).make(fine_tuning, gateway)
        states = Construct(self, "States")
        failing = Steps(states, "ResolveRun", None)
        steps = failing.failing_into(explain_failure(failing, functions.explain_failure))
        self._tuning = self._tuning_times(settings, fine_tuning)
        chain = self._chain(
            steps,
            functions,
            data_preparation=data_preparation,
            model_selection=model_selection,
            fine_tuning=fine_tuning,
            serving=serving,
        )
        role = self._role(arn, steps)
        if (rules := data_preparation.quality_rules) is not None:
            to_glue = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
            allow(role, ["iam:PassRole"], [rules.role.role_arn], conditions=to_glue)
        if (customization := fine_tuning.customization) is not None:
            self._allow_customization(role, customization)
        self.state_machine = self._state_machine(chain, role)
        cdk.CfnOutput(self, "StateMachineArn", value=self.state_machine.state_machine_arn)

    def _chain(
        self,
        steps: Steps,
        functions: WorkflowFunctions,
        *,
        data_preparation: DataPreparation,
        model_selection: ModelSelection,
        fine_tuning: FineTuning,
        serving: Serving,
    ) -> sfn.Chain:
        """The states of all four steps, each told where to go on."""
        delivery = self._delivery(fine_tuning, serving)
        customization = fine_tuning.customization
        discard = discard_model(steps, delivery, customization)
        approval = deploy(
            steps,
            functions,
            delivery,
            approve_within=cdk.Duration.hours(self._settings.approval_timeout_hours),
            discard=discard,
        )
        tuning: sfn.State = tune(
            steps,
            functions,
            fine_tuning,
            endpoint_name=serving.endpoint_name,
            then=approval,
            discard=discard,
        )
        if customization is not None:
            customizing = customize(steps, functions, customization, then=approval, discard=discard)
            tuning = where_to_tune(steps, on_bedrock=customizing, otherwise=tuning)
        return (
            self._prepare(steps, functions, data_preparation)
            .next(
                select(
                    steps,
                    model_selection.evaluate_candidate,
                    model_selection.select_model,
                    judged=self._settings.selection.judge is not None,
                )
            )
            .next(needs_tuning(steps, tune=tuning, otherwise=approval))
        )

    @staticmethod
    def _tuning_times(settings: Settings, fine_tuning: FineTuning) -> list[cdk.Duration]:
        """How long the state machine waits for a pipeline, so that it is the one that stops it.

        A search's trials that run one after another and the evaluation, as often as each is tried, and an hour to
        start them.
        """
        tried, pauses = attempts(settings.tuning), cdk.Duration.seconds(2 * pauses_s(settings.tuning))
        training = _LONGEST_ON_SPOT if settings.tuning.spot else _LONGEST_JOB
        once = [*[training] * fine_tuning.trials_in_a_row, _LONGEST_JOB]
        return [*once * tried, pauses, cdk.Duration.hours(1)]

    @property
    def _preparation_timeout(self) -> cdk.Duration:
        return cdk.Duration.minutes(self._settings.data.glue.timeout_minutes)

    def _prepare(self, steps: Steps, functions: WorkflowFunctions, data_preparation: DataPreparation) -> sfn.Chain:
        return prepare(
            steps,
            functions,
            job_name=data_preparation.job_name,
            job_arn=self._arn("glue", f"job/{data_preparation.job_name}"),
            job_timeout=self._preparation_timeout,
            quality_rules=data_preparation.quality_rules,
        )

    def _delivery(self, fine_tuning: FineTuning, serving: Serving) -> Delivery:
        return Delivery(
            model_data_url=self._foundation.approved_model_data_url,
            target=self._foundation.approved_target,
            stack_id=serving.stack_id,
            stack_parameter=MODEL_DATA_PARAMETER,
            alarms=serving.rollback_alarms,
            model_packages=self._arn("sagemaker", f"model-package/{fine_tuning.model_package_group_name}/*"),
            pipeline_executions=f"{fine_tuning.pipeline_arn}/execution/*",
        )

    def _role(self, state_machine_arn: str, steps: Steps) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": self.account},
                    "ArnEquals": {"aws:SourceArn": state_machine_arn},
                },
            ),
            description="What the workflow's state machine may do.",
        )
        for actions, resources, conditions in steps.permissions():
            allow(role, actions, resources, conditions=conditions)
        # CloudFormation resolves the serving stack's SSM parameters on behalf of whoever asks for the update.
        version = f"/cdk-bootstrap/{self.synthesizer.bootstrap_qualifier}/version"
        parameters = [
            self._foundation.approved_model_data_url.parameter_arn,
            self._arn("ssm", f"parameter{version}"),
        ]
        allow(role, ["ssm:GetParameters"], parameters)
        self._allow_encryption(role, state_machine_arn)
        allow(role, _TELEMETRY, ["*"], reason="Log delivery and X-Ray have no resource-level permissions.")
        return role

    def _allow_encryption(self, role: iam.Role, state_machine_arn: str) -> None:
        """Data keys for the execution history and for the log that Step Functions delivers."""
        for context, value, actions in (
            ("aws:states:stateMachineArn", state_machine_arn, ["kms:Decrypt", "kms:GenerateDataKey"]),
            ("SourceArn", self._arn("logs", "*"), ["kms:GenerateDataKey"]),
        ):
            condition = {"StringEquals": {f"kms:EncryptionContext:{context}": value}}
            allow(role, actions, [self._foundation.key.key_arn], conditions=condition)

    def _allow_customization(self, role: iam.Role, customization: Customization) -> None:
        """Handing on the roles of jobs and schedules, and what Bedrock does with the key in the machine's name."""
        passing = [(customization.job_role, "bedrock")]
        if customization.expiry is not None:
            passing.append((customization.expiry.scheduler_role, "scheduler"))
        for passed, service in passing:
            condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
            allow(role, ["iam:PassRole"], [passed.role_arn], conditions=condition)
        allow(role, CUSTOMIZING, [customization.key_arn], conditions=through_service("bedrock"))

    def _state_machine(self, chain: sfn.IChainable, role: iam.Role) -> sfn.StateMachine:
        log = logs.LogGroup(
            self,
            "Log",
            # The prefix keeps the account's one resource policy for log delivery from outgrowing its limit.
            log_group_name=f"/aws/vendedlogs/states/{self._name}",
            encryption_key=self._foundation.key,
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=self._name,
            definition_body=sfn.DefinitionBody.from_chainable(chain),
            query_language=sfn.QueryLanguage.JSONATA,
            role=closed_role(role),
            # Names, times and errors are logged; inputs and outputs hold the user's texts and stay out.
            logs=sfn.LogOptions(destination=log, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
            encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(self._foundation.key),
            timeout=self._timeout,
            comment="Prepare the data, select a model, tune one if none will do, deploy it.",
        )
        # A machine that exists must be able to run: its policy comes first.
        machine.node.add_dependency(policy_of(role))
        return machine

    @property
    def _timeout(self) -> cdk.Duration:
        parts = (
            self._preparation_timeout,
            *self._tuning,
            cdk.Duration.hours(self._settings.approval_timeout_hours),
            # Another run's roll-out and its roll-back, then this one's.
            *[UPDATE_WITHIN] * 4,
            _REST,
        )
        longest = sum(part.to_seconds() for part in parts)
        return cdk.Duration.seconds(min(longest, _LONGEST_EXECUTION.to_seconds()))

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{cdk.Aws.PARTITION}:{service}:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:{resource}"
