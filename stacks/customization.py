"""Step 3, the other branch: what customization on Bedrock needs beside the state machine that drives it.

CloudFormation has no resource for customization jobs, custom-model deployments and provisioned throughput: Step
Functions makes them, tags them, and takes them back. Nothing here exists where the settings customize nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.catalogue import CATALOGUE, ENTRIES, TRAINING_DATA, arns
from cdk_app.constructs.bedrock import (
    allow_custom_models,
    custom_models,
    in_account,
    model_arns,
    of_this_workflow,
    tagged_for_this_workflow,
)
from cdk_app.constructs.function import PythonFunction
from cdk_app.constructs.grants import allow, read_objects, write_objects
from cdk_app.constructs.names import workflow_tags
from cdk_app.settings import BedrockCustomization, Settings, customized_model_id
from stacks.foundation import CUSTOMIZATION, Foundation
from stacks.model_selection import EVALUATION_TIMEOUT
from stacks.throughput_expiry import ThroughputExpiry

FILES = f"{CUSTOMIZATION}*"
"""Keys of the training data as it is submitted, and of what a job writes, in the models bucket."""
ANSWERS = "run=*/customization/*"
"""Keys of what the customized model and its base answered."""


@dataclass(frozen=True)
class CustomizationFunctions:
    """One function for each state of the branch that decides something of its own."""

    check_training_data: lambda_.Function
    evaluate: lambda_.Function
    judge: lambda_.Function


class Customization(Construct):
    """The job's role, the branch's functions, and what deletes throughput in time, where any is bought."""

    settings: BedrockCustomization
    base_model: str
    job_role: iam.Role
    functions: CustomizationFunctions
    expiry: ThroughputExpiry | None
    tags: Mapping[str, str]

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bedrock: BedrockCustomization,
        foundation: Foundation,
    ) -> None:
        super().__init__(scope, construct_id)
        self.settings = bedrock
        self.tags = workflow_tags(settings)
        self.own, self.made_its_own = of_this_workflow(settings), tagged_for_this_workflow(settings)
        self._foundation = foundation
        model_id = customized_model_id(settings)
        assert model_id is not None
        self.base_model = model_id
        self.job_role = self._job_role()
        self.functions = CustomizationFunctions(
            check_training_data=self._check_training_data(),
            evaluate=self._evaluate(settings),
            judge=self._judge(),
        )
        self.expiry = None
        if bedrock.serving == "provisioned":
            self.expiry = ThroughputExpiry(self, "Expiry", settings=settings, foundation=foundation)

    # ---- ARNs -------------------------------------------------------------------------------------------

    @property
    def base_model_arn(self) -> str:
        """The model that is customized."""
        return arns.foundation_model(cdk.Aws.PARTITION, cdk.Aws.REGION, self.base_model)

    @property
    def teacher_arn(self) -> str | None:
        """The model whose answers a distilled one is trained on."""
        teacher = ENTRIES[self.settings.teacher].bedrock if self.settings.teacher else None
        return arns.foundation_model(cdk.Aws.PARTITION, cdk.Aws.REGION, teacher.model_id) if teacher else None

    @property
    def jobs(self) -> str:
        """Any customization job: Bedrock makes up what their ARNs end in."""
        return in_account("model-customization-job")

    @property
    def models(self) -> str:
        """Any custom model."""
        return in_account("custom-model")

    @property
    def served(self) -> str:
        """Anything that serves a custom model as the settings say."""
        return custom_models(self.settings)

    @property
    def key_arn(self) -> str:
        """The key that custom models are encrypted with."""
        return self._foundation.key.key_arn

    @property
    def files(self) -> str:
        """The bucket of the job's files."""
        return self._foundation.models_bucket.bucket_name

    # ---- roles ------------------------------------------------------------------------------------------

    def _job_role(self) -> iam.Role:
        """What Bedrock may do in a job's name, for jobs of this account alone."""
        principal = iam.ServicePrincipal(
            "bedrock.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID},
                "ArnLike": {"aws:SourceArn": self.jobs},
            },
        )
        role = iam.Role(self, "JobRole", assumed_by=principal, description="A customization job of Bedrock.")
        base = self._foundation
        read_objects(role, base.models_bucket, FILES, key=base.key)
        write_objects(role, base.models_bucket, f"{CUSTOMIZATION}*/output/*", key=base.key)
        if self.teacher_arn is not None:
            allow(role, ["bedrock:InvokeModel"], [self.teacher_arn])
        return role

    # ---- functions --------------------------------------------------------------------------------------

    def _check_training_data(self) -> lambda_.Function:
        base = self._foundation
        made = self._function(
            "check_training_data",
            "Judges the training data as Bedrock would, and writes it as one file.",
            self._buckets,
            memory_mb=1024,
        )
        output = TRAINING_DATA[self.settings.model]
        for split in ("train", "validation"):
            read_objects(made.role, base.curated_bucket, f"*/run=*/{output}/{split}/*", key=base.key)
        write_objects(made.role, base.models_bucket, FILES, key=base.key)
        return made.function

    def _evaluate(self, settings: Settings) -> lambda_.Function:
        """The function that measures candidates, under a role of its own: this one alone may see the test split."""
        base = self._foundation
        made = self._function(
            "evaluate_candidate",
            "Asks the customized model, or its base, for every test record.",
            {**self._buckets, "SPLIT": "test", "RESULTS": "customization"},
            memory_mb=512,
            construct_id="EvaluateCustomModel",
        )
        for split in ("train", "test"):
            read_objects(made.role, base.curated_bucket, f"*/run=*/{split}/*", key=base.key)
        read_objects(made.role, base.models_bucket, ANSWERS, key=base.key)
        write_objects(made.role, base.models_bucket, ANSWERS, key=base.key)
        allow(made.role, ["bedrock:InvokeModel"], model_arns(self, [CATALOGUE[self.settings.model]]))
        allow_custom_models(made.role, settings, self.settings, key=base.key)
        return made.function

    def _judge(self) -> lambda_.Function:
        base = self._foundation
        made = self._function(
            "judge_customization",
            "Holds the customized model against its base and the floor.",
            self._buckets,
            memory_mb=512,
        )
        read_objects(made.role, base.curated_bucket, "*/run=*/train/*", key=base.key)
        read_objects(made.role, base.models_bucket, ANSWERS, key=base.key)
        write_objects(made.role, base.models_bucket, "run=*/evaluation/*", key=base.key)
        return made.function

    @property
    def _buckets(self) -> dict[str, str]:
        base = self._foundation
        return {
            "CURATED_BUCKET": base.curated_bucket.bucket_name,
            "MODELS_BUCKET": base.models_bucket.bucket_name,
        }

    def _function(
        self,
        name: str,
        description: str,
        environment: dict[str, str],
        *,
        memory_mb: int = 256,
        construct_id: str | None = None,
    ) -> PythonFunction:
        return PythonFunction(
            self,
            construct_id or "".join(word.capitalize() for word in name.split("_")),
            name=name,
            description=description,
            key=self._foundation.key,
            environment=environment,
            timeout=EVALUATION_TIMEOUT,
            memory_mb=memory_mb,
        )
