"""Step 3, fine-tuning: the SageMaker pipeline that trains, evaluates, gates and registers a model.

The definition is the file that `pipelines.definition.build` renders; here its placeholders get this stack's
values, and its parameters the deployed settings as defaults. So an execution that somebody starts in SageMaker
Studio, with a run's prefixes typed in, does what the workflow does.
"""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from cdk_app.assets import evaluation_code, training_code
from cdk_app.catalogue import CATALOGUE
from cdk_app.constructs.grants import allow, policy_of, read_asset, read_objects, write_objects
from cdk_app.constructs.images import dlc_account, inference_image
from cdk_app.constructs.names import resource_name
from cdk_app.nag import acknowledge_resource
from cdk_app.settings import Settings
from stacks.customization import Customization
from stacks.foundation import CHECKPOINTS, Foundation
from stacks.hyperparameter_search import allow_search, trials_in_a_row, with_search
from stacks.training_capacity import set_capacity

DEFINITION = Path(__file__).resolve().parent.parent / "pipelines" / "definition" / "pipeline.json"
TRAINING_REPOSITORY = "huggingface-pytorch-training"
LEAST_LEAK_SIMILARITY = 0.8
JOBS = "pipelines-*"
"""SageMaker names a pipeline's jobs `pipelines-<execution>-<step>-<random>`."""


class FineTuning(cdk.Stack):
    """A SageMaker pipeline, the registry's group for what it makes, and a role for each of its parts.

    Three roles, because they need different things: only evaluation may read the test split (and that of training, to
    see that they have nothing in common), only the pipeline may register a model.
    """

    settings: Settings
    pipeline_name: str
    pipeline_arn: str
    model_package_group_name: str
    pipeline_role: iam.Role
    training_role: iam.Role
    evaluation_role: iam.Role
    trials_in_a_row: int
    """Training jobs that may run one after another."""
    training_jobs: str
    """ARN of the training jobs, as a pattern."""
    tuning_jobs: str | None
    """ARN of the tuning jobs, as a pattern; None where there is no search."""
    customization: Customization | None

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation) -> None:
        super().__init__(scope, construct_id)
        self.settings = settings
        self._foundation = foundation
        self.pipeline_name = resource_name(settings, "fine-tune")
        self.pipeline_arn = self._arn(f"pipeline/{self.pipeline_name}")
        self.trials_in_a_row = trials_in_a_row(settings)
        # A tuning job's trials are called after it, and what a pipeline calls it is nowhere promised.
        self.training_jobs = self._arn(f"training-job/{self._jobs('TrainingJobs')}")
        self.tuning_jobs = self._arn("hyper-parameter-tuning-job/*") if settings.tuning.search else None
        group = self._model_package_group()
        self.model_package_group_name = resource_name(settings)
        self._training_code = training_code(self, "TrainingCode")
        self._evaluation_code = evaluation_code(self, "EvaluationCode")
        self.training_role = self._training_role()
        self.evaluation_role = self._evaluation_role()
        self.pipeline_role = self._pipeline_role()
        policy = self._allow_images_and_metrics(self.training_role, self.evaluation_role)
        pipeline = sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=self.pipeline_name,
            pipeline_display_name=self.pipeline_name,
            pipeline_description="Trains, evaluates, gates and registers a model.",
            pipeline_definition={"PipelineDefinitionBody": self._definition()},
            role_arn=self.pipeline_role.role_arn,
        )
        pipeline.add_resource_dependency(group)
        # An execution may start as soon as the pipeline stands: the roles' policies come first.
        pipeline.node.add_dependency(policy)
        for role in (self.pipeline_role, self.training_role, self.evaluation_role):
            pipeline.node.add_dependency(policy_of(role))
        self.customization = None
        if settings.tuning.bedrock is not None:
            self.customization = Customization(
                self, "Customization", settings=settings, bedrock=settings.tuning.bedrock, foundation=foundation
            )
        cdk.CfnOutput(self, "PipelineName", value=pipeline.ref)
        cdk.CfnOutput(self, "ModelPackageGroupName", value=self.model_package_group_name)

    def _model_package_group(self) -> sagemaker.CfnModelPackageGroup:
        """The registry outlives the stack: a group cannot be deleted while it holds models, and they are history.

        After a `destroy`, deploy with `--import-existing-resources` to take the group over again.
        """
        group = sagemaker.CfnModelPackageGroup(
            self,
            "ModelPackageGroup",
            model_package_group_name=resource_name(self.settings),
            model_package_group_description=f"Models tuned by {resource_name(self.settings)}.",
        )
        # Not kept by a first deployment that is rolled back: it would stand in the way of the second.
        group.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        return group

    def _definition(self) -> str:
        """The pipeline's definition with this stack's values in it."""
        definition = json.loads(DEFINITION.read_text("utf-8"))
        defaults = self._defaults()
        for parameter in definition["Parameters"]:
            if parameter["Name"] in defaults:
                parameter["DefaultValue"] = defaults.pop(parameter["Name"])
        if defaults:
            raise ValueError(f"{DEFINITION.name} has no parameter {', '.join(sorted(defaults))}. Render it again.")
        set_capacity(definition, self.settings.tuning)
        return cdk.Fn.sub(
            json.dumps(with_search(definition, self.settings), indent=1, sort_keys=True, ensure_ascii=False),
            {
                "DlcAccount": dlc_account(self),
                "InferenceImage": inference_image(self),
                "TrainingRoleArn": self.training_role.role_arn,
                "EvaluationRoleArn": self.evaluation_role.role_arn,
                "KmsKeyArn": self._foundation.key.key_arn,
                "TrainingCodeUri": self._training_code.s3_object_url,
                "EvaluationCodeUri": self._evaluation_code.s3_object_url,
                "EvaluationCodeFile": self._evaluation_code.s3_object_key,
                "ModelPackageGroupName": self.model_package_group_name,
                "ModelsBucket": self._foundation.models_bucket.bucket_name,
                "ProjectName": self.settings.name,
                "Environment": self.settings.environment,
            },
        )

    def _defaults(self) -> dict[str, str | int | float | None]:
        """The deployed settings by the names of the pipeline's parameters."""
        tuning, near_duplicates = self.settings.tuning, self.settings.data.near_duplicates
        return {
            "BaseModel": f"s3://${{ModelsBucket}}/base/{tuning.model}",
            "BaseModelId": CATALOGUE[tuning.model].hugging_face_id,
            # No model in use: an input must exist, so a small file stands for none.
            "ChampionModel": f"s3://${{ModelsBucket}}/base/{tuning.model}/config.json",
            "TrainingInstanceType": tuning.instance_type,
            "TrainingInstances": tuning.instances,
            "EvaluationInstanceType": tuning.evaluation_instance_type,
            "MaxRuntimeSeconds": 60 * tuning.max_runtime_minutes,
            "MaxLostMinutes": tuning.max_lost_minutes,
            "Method": tuning.method,
            "TrainedLayers": tuning.trained_layers,
            "Objective": tuning.objective,
            "Beta": tuning.beta,
            "LabelSmoothing": tuning.label_smoothing,
            "Epochs": tuning.epochs,
            "Patience": tuning.patience,
            "LearningRate": tuning.peak_learning_rate,
            "WarmUp": tuning.warm_up,
            "Schedule": tuning.schedule,
            "WeightDecay": tuning.weight_decay,
            "LoraRank": tuning.rank,
            "LoraAlpha": tuning.alpha,
            "LoraDropout": tuning.dropout,
            "Sharding": tuning.sharding,
            "BatchSize": tuning.batch_size,
            "MaxLength": tuning.max_length,
            "MaxExamples": tuning.max_examples,
            "TestExamples": tuning.test_examples,
            "MaxOutputTokens": self.settings.serving.max_output_tokens,
            "Seed": tuning.seed,
            "Quantization": tuning.quantization,
            "QuantizationTolerance": tuning.quantization_tolerance,
            "Metric": self.settings.selection.metric,
            "MinimumLossReduction": tuning.minimum_loss_reduction,
            "MinimumMetric": self.settings.selection.floor,
            "SliceTolerance": tuning.slice_tolerance,
            "GeneralTolerance": tuning.general_tolerance,
            # As `lambdas/resolve_run` has it: texts that preparation need not have kept apart are no leak.
            "LeakSimilarity": max(LEAST_LEAK_SIMILARITY, near_duplicates.similarity),
            "ShingleWords": near_duplicates.shingle_words,
        }

    def _training_role(self) -> iam.Role:
        base, role = self._foundation, self._job_role("Training", "TrainingJobs")
        for split in ("train", "validation"):
            read_objects(role, base.curated_bucket, f"*/run=*/{split}/*", key=base.key)
        read_objects(role, base.models_bucket, "base/*", key=base.key)
        read_asset(role, self._training_code)
        write_objects(role, base.models_bucket, "run=*/training/*", key=base.key)
        # SageMaker copies checkpoints to S3 and back with the job's role.
        read_objects(role, base.models_bucket, f"{CHECKPOINTS}run=*", key=base.key)
        write_objects(role, base.models_bucket, f"{CHECKPOINTS}run=*", key=base.key)
        self._encrypt_output(role)
        return role

    def _evaluation_role(self) -> iam.Role:
        base, role = self._foundation, self._job_role("Evaluation", "ProcessingJobs")
        for split in ("test", "train"):
            read_objects(role, base.curated_bucket, f"*/run=*/{split}/*", key=base.key)
        for prefix in ("base/*", "run=*/training/*"):
            read_objects(role, base.models_bucket, prefix, key=base.key)
        read_asset(role, self._evaluation_code)
        # A processing job reads its inputs by prefix, a single file too: it lists the bucket first.
        bucket = f"arn:{cdk.Aws.PARTITION}:s3:::{self._evaluation_code.s3_bucket_name}"
        allow(role, ["s3:ListBucket"], [bucket])
        write_objects(role, base.models_bucket, "run=*/evaluation/*", key=base.key)
        self._encrypt_output(role)
        return role

    def _encrypt_output(self, role: iam.Role) -> None:
        """SageMaker asks this of a job's role when it names a key for the output, beside what S3 asks."""
        allow(role, ["kms:Encrypt"], [self._foundation.key.key_arn])

    def _job_role(self, name: str, log_group: str) -> iam.Role:
        """A role that may write the log of its kind of job."""
        role = self._role(f"{name}Role", f"{name} job of the fine-tuning pipeline.")
        # By service and action the resource is the group, the group with `:log-stream:` after it, or the stream.
        group = self._arn(f"log-group:/aws/sagemaker/{log_group}", "logs")
        allow(role, ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams"], [group, f"{group}:*"])
        allow(role, ["logs:PutLogEvents"], [f"{group}:log-stream:{self._jobs(log_group)}"])
        return role

    def _jobs(self, kind: str) -> str:
        """How the names of a kind of jobs begin."""
        return "*" if kind == "TrainingJobs" and self.settings.tuning.search else JOBS

    def _allow_images_and_metrics(self, *roles: iam.Role) -> iam.ManagedPolicy:
        """What SageMaker does in a job's name before and while its script runs, in one policy for all jobs."""
        repository = (
            f"arn:{cdk.Aws.PARTITION}:ecr:{cdk.Aws.REGION}:{dlc_account(self)}:repository/{TRAINING_REPOSITORY}"
        )
        pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        namespaces = [f"/aws/sagemaker/{jobs}" for jobs in ("TrainingJobs", "ProcessingJobs")]
        policy = iam.ManagedPolicy(
            self,
            "ImagesAndMetrics",
            description="Pull the training image; put metrics of jobs.",
            roles=list(roles),
            statements=[
                iam.PolicyStatement(actions=pull, resources=[repository]),
                iam.PolicyStatement(
                    actions=["ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"],
                    resources=["*"],
                    # Only PutMetricData knows the key, so that it alone is held to the namespaces.
                    conditions={"StringEqualsIfExists": {"cloudwatch:namespace": namespaces}},
                ),
            ],
        )
        acknowledge_resource(policy, "*", "Neither a login to the registry nor a metric has a resource level.")
        return policy

    def _pipeline_role(self) -> iam.Role:
        base, role = self._foundation, self._role("PipelineRole", "Starts the jobs of the fine-tuning pipeline.")
        for kind, noun in (("training-job", "TrainingJob"), ("processing-job", "ProcessingJob")):
            actions = [f"sagemaker:{verb}{noun}" for verb in ("Create", "Describe", "Stop")]
            allow(role, [*actions, "sagemaker:AddTags"], [self._arn(f"{kind}/{JOBS}")])
        if self.tuning_jobs:
            allow_search(role, self.tuning_jobs)
        for job_role in (self.training_role, self.evaluation_role):
            condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
            allow(role, ["iam:PassRole"], [job_role.role_arn], conditions=condition)
        packages = [
            self._arn(f"model-package-group/{self.model_package_group_name}"),
            self._arn(f"model-package/{self.model_package_group_name}/*"),
        ]
        allow(role, ["sagemaker:CreateModelPackage", "sagemaker:AddTags"], packages)
        # The quality gate reads its figures out of the evaluation's report.
        read_objects(role, base.models_bucket, "run=*/evaluation/*", key=base.key)
        return role

    def _role(self, construct_id: str, description: str) -> iam.Role:
        principal = iam.ServicePrincipal(
            "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
        )
        return iam.Role(self, construct_id, assumed_by=principal, description=description)

    def _arn(self, resource: str, service: str = "sagemaker") -> str:
        return f"arn:{cdk.Aws.PARTITION}:{service}:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:{resource}"
