"""The Lambda functions that only the state machine calls, each with the permissions of its own few calls.

What a function takes, gives and needs stands in `lambdas/README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from cdk_app.constructs.function import PythonFunction
from cdk_app.constructs.grants import allow, publish, read_objects, read_parameter, write_objects
from cdk_app.constructs.rollout_lock import rollout_lock
from stacks.customization import FILES
from stacks.fine_tuning import FineTuning
from stacks.foundation import Foundation
from stacks.gateway import Gateway
from stacks.hyperparameter_search import searched_parameters

_JOB_LOGS = ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs")


@dataclass(frozen=True)
class WorkflowFunctions:
    """One function for each state that decides something of its own."""

    resolve_run: lambda_.Function
    check_data: lambda_.Function
    explain_pipeline_failure: lambda_.Function
    compare_with_champion: lambda_.Function
    write_model_card: lambda_.Function
    request_approval: lambda_.Function
    claim_rollout: lambda_.Function
    smoke_test: lambda_.Function
    record: lambda_.Function
    explain_failure: lambda_.Function


class FunctionFactory:
    """Makes the workflow's functions in `stack`; `state_machine_arn` is the machine's, before it exists."""

    def __init__(self, stack: cdk.Stack, foundation: Foundation, state_machine_arn: str) -> None:
        self._stack = stack
        self._foundation = foundation
        self._state_machine_arn = state_machine_arn

    def make(self, fine_tuning: FineTuning, gateway: Gateway) -> WorkflowFunctions:
        return WorkflowFunctions(
            resolve_run=self._resolve_run(),
            check_data=self._check_data(),
            explain_pipeline_failure=self._explain_pipeline_failure(fine_tuning),
            compare_with_champion=self._compare_with_champion(fine_tuning),
            write_model_card=self._write_model_card(fine_tuning),
            request_approval=self._request_approval(),
            claim_rollout=self._claim_rollout(),
            smoke_test=self._smoke_test(gateway),
            record=self._record(fine_tuning),
            explain_failure=self._explain_failure(),
        )

    def _resolve_run(self) -> lambda_.Function:
        base = self._foundation
        parameters = {
            "RUN_SETTINGS_PARAMETER": base.run_settings,
            "RUN_BOUNDS_PARAMETER": base.run_bounds,
            "TARGET_PARAMETER": base.approved_target,
            "MODEL_DATA_URL_PARAMETER": base.approved_model_data_url,
        }
        buckets = {
            "RAW_BUCKET": base.raw_bucket,
            "CURATED_BUCKET": base.curated_bucket,
            "QUARANTINE_BUCKET": base.quarantine_bucket,
            "MODELS_BUCKET": base.models_bucket,
        }
        made = self._function(
            "resolve_run",
            "Merges an execution's input with the deployed settings, and refuses what does not fit.",
            {name: parameter.parameter_name for name, parameter in parameters.items()}
            | {name: bucket.bucket_name for name, bucket in buckets.items()},
        )
        for parameter in parameters.values():
            read_parameter(made.role, parameter)
        return made.function

    def _check_data(self) -> lambda_.Function:
        base = self._foundation
        made = self._function(
            "check_data",
            "Stops the run when the curated data is too little, or its counts do not balance.",
            {"CURATED_BUCKET": base.curated_bucket.bucket_name},
            timeout_s=60,
        )
        read_objects(made.role, base.curated_bucket, key=base.key)
        return made.function

    def _explain_pipeline_failure(self, fine_tuning: FineTuning) -> lambda_.Function:
        made = self._function(
            "explain_pipeline_failure",
            "Finds the step of the pipeline that failed, and the end of its log.",
            timeout_s=60,
        )
        executions = f"{fine_tuning.pipeline_arn}/execution/*"
        allow(
            made.role,
            ["sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps"],
            [executions],
        )
        # The pipeline names its jobs `pipelines-<execution>-<step>-<random>`.
        jobs = [fine_tuning.training_jobs, self._arn("sagemaker", "processing-job/pipelines-*")]
        allow(made.role, ["sagemaker:DescribeTrainingJob", "sagemaker:DescribeProcessingJob"], jobs)
        if fine_tuning.tuning_jobs:
            reading = ("DescribeHyperParameterTuningJob", "ListTrainingJobsForHyperParameterTuningJob")
            allow(made.role, [f"sagemaker:{verb}" for verb in reading], [fine_tuning.tuning_jobs])
        groups = [self._arn("logs", f"log-group:{group}") for group in _JOB_LOGS]
        streams = [f"{group}:*" for group in groups]
        allow(made.role, ["logs:DescribeLogStreams", "logs:GetLogEvents"], [*groups, *streams])
        return made.function

    def _compare_with_champion(self, fine_tuning: FineTuning) -> lambda_.Function:
        base = self._foundation
        made = self._function(
            "compare_with_champion",
            "Compares the tuned model with the one in use, example by example.",
            {"MODELS_BUCKET": base.models_bucket.bucket_name},
            timeout_s=300,
            memory_mb=512,
        )
        read_objects(made.role, base.models_bucket, "run=*", key=base.key)
        _allow_reading_training(made.role, fine_tuning)
        if fine_tuning.tuning_jobs:
            allow(made.role, ["sagemaker:DescribeHyperParameterTuningJob"], [fine_tuning.tuning_jobs])
        return made.function

    def _write_model_card(self, fine_tuning: FineTuning) -> lambda_.Function:
        base, tuning = self._foundation, fine_tuning.settings.tuning
        price = {"PRICED_INSTANCE_TYPE": tuning.instance_type, "USD_PER_HOUR": f"{tuning.usd_per_hour or 0:g}"}
        searched = searched_parameters(fine_tuning.settings)
        made = self._function(
            "write_model_card",
            "Puts data, code, settings, figures and cost on the registered model, for whoever approves it.",
            {
                "CURATED_BUCKET": base.curated_bucket.bucket_name,
                "MODELS_BUCKET": base.models_bucket.bucket_name,
                "CREATOR": f"pipeline {fine_tuning.pipeline_name}",
                **(price if tuning.usd_per_hour else {}),
                **({"SEARCHED_PARAMETERS": ",".join(searched)} if searched else {}),
            },
            timeout_s=60,
        )
        read_objects(made.role, base.curated_bucket, key=base.key)
        read_objects(made.role, base.models_bucket, "run=*", key=base.key)
        _allow_reading_training(made.role, fine_tuning)
        write_objects(made.role, base.models_bucket, "run=*/evaluation/model_card.json", key=base.key)
        packages = self._arn("sagemaker", f"model-package/{fine_tuning.model_package_group_name}/*")
        allow(made.role, ["sagemaker:UpdateModelPackage"], [packages])
        return made.function

    def _request_approval(self) -> lambda_.Function:
        base = self._foundation
        made = self._function(
            "request_approval",
            "Approves at once where the settings say so; otherwise asks the subscribers of the topic.",
            {"TOPIC_ARN": base.notifications.topic_arn},
        )
        allow(made.role, ["states:SendTaskSuccess"], [self._state_machine_arn])
        publish(made.role, base.notifications, key=base.key)
        return made.function

    def _claim_rollout(self) -> lambda_.Function:
        base = self._foundation
        parameters = {
            "TARGET_PARAMETER": base.approved_target,
            "MODEL_DATA_URL_PARAMETER": base.approved_model_data_url,
        }
        lock = rollout_lock(self._stack)
        made = self._function(
            "claim_rollout",
            "Lets one run at a time change what is served, and only over the model that it was compared with.",
            {"LOCK_TABLE": lock.table_name}
            | {name: parameter.parameter_name for name, parameter in parameters.items()},
        )
        for parameter in parameters.values():
            read_parameter(made.role, parameter)
        allow(made.role, ["dynamodb:GetItem", "dynamodb:UpdateItem"], [lock.table_arn])
        executions = self._state_machine_arn.replace(":stateMachine:", ":execution:")
        allow(made.role, ["states:DescribeExecution"], [f"{executions}:*"])
        return made.function

    def _smoke_test(self, gateway: Gateway) -> lambda_.Function:
        base, api = self._foundation, gateway.api
        made = self._function(
            "smoke_test",
            "Sends held-out records through the API and looks at the answers.",
            {
                "REST_API_ID": api.rest_api_id,
                "TARGET_PARAMETER": base.approved_target.parameter_name,
                "CURATED_BUCKET": base.curated_bucket.bucket_name,
                "GATEWAY_LOG_GROUP": gateway.handler.log_group.log_group_name,
            },
            timeout_s=300,
        )
        resources = f"arn:{cdk.Aws.PARTITION}:apigateway:{cdk.Aws.REGION}::/restapis/{api.rest_api_id}/resources"
        allow(made.role, ["apigateway:GET"], [resources])
        allow(made.role, ["apigateway:POST"], [f"{resources}/*/methods/POST"])
        allow(made.role, ["logs:FilterLogEvents"], [gateway.handler.log_group.log_group_arn])
        read_parameter(made.role, base.approved_target)
        read_objects(made.role, base.curated_bucket, key=base.key)
        return made.function

    def _record(self, fine_tuning: FineTuning) -> lambda_.Function:
        base = self._foundation
        made = self._function(
            "record",
            "Writes the lineage of the run: data, figures, model, approval.",
            {
                "CURATED_BUCKET": base.curated_bucket.bucket_name,
                "MODELS_BUCKET": base.models_bucket.bucket_name,
            },
            timeout_s=60,
        )
        read_objects(made.role, base.curated_bucket, key=base.key)
        read_objects(made.role, base.models_bucket, "run=*", key=base.key)
        if fine_tuning.customization is not None:
            read_objects(made.role, base.models_bucket, FILES, key=base.key)
        write_objects(made.role, base.models_bucket, "run=*/lineage.json", key=base.key)
        return made.function

    def _explain_failure(self) -> lambda_.Function:
        base = self._foundation
        made = self._function(
            "explain_failure",
            "Says which step failed, why, where its log is and what to do; tells the subscribers.",
            {"TOPIC_ARN": base.notifications.topic_arn},
        )
        publish(made.role, base.notifications, key=base.key)
        return made.function

    def _function(
        self,
        name: str,
        description: str,
        environment: Mapping[str, str] | None = None,
        *,
        timeout_s: int = 30,
        memory_mb: int = 256,
    ) -> PythonFunction:
        return PythonFunction(
            self._stack,
            "".join(word.capitalize() for word in name.split("_")),
            name=name,
            description=description,
            key=self._foundation.key,
            environment=environment,
            timeout=cdk.Duration.seconds(timeout_s),
            memory_mb=memory_mb,
        )

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{cdk.Aws.PARTITION}:{service}:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:{resource}"


def _allow_reading_training(role: iam.Role, fine_tuning: FineTuning) -> None:
    """What the pipeline's executions ran, and the jobs that trained."""
    allow(role, ["sagemaker:ListPipelineExecutionSteps"], [f"{fine_tuning.pipeline_arn}/execution/*"])
    allow(role, ["sagemaker:DescribeTrainingJob"], [fine_tuning.training_jobs])
