"""The pipeline's steps: FineTune, Evaluate, QualityGate, and Register or QualityGateFailed.

Neither job asks for a key of its own for its volume: the service refuses `VolumeKmsKeyId` on every instance
type with local storage, which is what current GPU instances have, and encrypts those volumes in hardware
(volumes of the other types with a key that lives as long as the job).
"""

from __future__ import annotations

from pipelines.definition import offline  # isort: skip  # the SDK must find its environment prepared
from sagemaker.core import image_uris
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    CheckpointConfig,
    MetricDefinition,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    Tag,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, StoppingCondition
from sagemaker.core.workflow.conditions import (
    ConditionEquals,
    ConditionGreaterThan,
    ConditionGreaterThanOrEqualTo,
)
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import Parameter
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow import (
    CacheConfig,
    ConditionStep,
    FailStep,
    ModelStep,
    ProcessingStep,
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
    TrainingStep,
)
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer

from pipelines.definition import parameters as p
from pipelines.definition import placeholders as ph

TRANSFORMERS_VERSION = "5.3.0"
PYTORCH_VERSION = "2.9.0"
CHECKPOINTS = "/opt/ml/checkpoints"
CONTAINER_ROOT = "/opt/ml/processing"
CONTAINER_INPUT = f"{CONTAINER_ROOT}/input"
# As in `pipelines/tuning/gate.py`; a test holds the two against each other.
FEWEST_EXAMPLES = 16

# A pipeline that is started again with the same arguments takes over the steps that succeeded.
CACHE = CacheConfig(enable_caching=True, expire_after="P30D")
SERVICE_RETRY = StepRetryPolicy(
    exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
    interval_seconds=10,
    backoff_rate=2.0,
    max_attempts=5,
)
JOB_RETRY = SageMakerJobStepRetryPolicy(
    exception_types=[SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
    failure_reason_types=[
        SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
        SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
    ],
    interval_seconds=60,
    backoff_rate=2.0,
    max_attempts=4,
)
TAGS = [
    Tag(key="project", value=ph.PROJECT_NAME.reference),
    Tag(key="environment", value=ph.ENVIRONMENT.reference),
]

# What CloudWatch picks out of the training log; `pipelines/tuning/progress.py` writes these lines.
METRICS = {
    "train:loss": r"train_loss=([0-9.eE+-]+)",
    "train:learning_rate": r"learning_rate=([0-9.eE+-]+)",
    "train:tokens_per_second": r"tokens_per_second=([0-9.eE+-]+)",
    "validation:loss": r"validation_loss=([0-9.eE+-]+)",
}


# The image turns each of these into a flag of llama-server.
SERVING_ENVIRONMENT = {"SM_LLAMA_CPP_CTX_SIZE": "4096", "SM_LLAMA_CPP_PARALLEL": "1"}


def training_image() -> str:
    """Give the address of the Hugging Face training container, for whichever account and region."""
    uri: str = image_uris.retrieve(
        "huggingface",
        offline.REGION,
        version=TRANSFORMERS_VERSION,
        base_framework_version=f"pytorch{PYTORCH_VERSION}",
        py_version="py312",
        instance_type="ml.g5.xlarge",
        image_scope="training",
    )
    repository = uri.split("/", 1)[1]
    registry = f"{ph.DLC_ACCOUNT.reference}.dkr.ecr.{ph.REGION.reference}.{ph.URL_SUFFIX.reference}"
    return f"{registry}/{repository}"


def folder(prefix: Parameter) -> Join:
    """Give the address with a slash at its end: without it, `base/model` would fetch `base/model-2` too."""
    return Join(on="/", values=[prefix, ""])


def fine_tune(session: PipelineSession) -> TrainingStep:
    """Train; the artifact holds what was learned, the whole model as GGUF, and the loss curve."""
    trainer = ModelTrainer(
        sagemaker_session=session,
        role=offline.role(ph.TRAINING_ROLE_ARN),
        base_job_name="fine-tune",
        training_image=training_image(),
        compute=Compute(
            instance_type=p.TRAINING_INSTANCE_TYPE, instance_count=p.TRAINING_INSTANCES, volume_size_in_gb=50
        ),
        # The SDK's type admits integers only; the service resolves a parameter here like anywhere else.
        stopping_condition=StoppingCondition.model_construct(max_runtime_in_seconds=p.MAX_RUNTIME_SECONDS),
        output_data_config=OutputDataConfig(
            s3_output_path=Join(on="/", values=[p.OUTPUT_PREFIX, "training"]),
            kms_key_id=ph.KMS_KEY_ARN.reference,
        ),
        # By run, not by execution: whoever starts a run's pipeline again goes on where it ended.
        checkpoint_config=CheckpointConfig(
            # With a slash at its end: without it, run `a` would get the checkpoints of run `a2` too.
            s3_uri=Join(on="", values=[f"s3://{ph.MODELS_BUCKET.reference}/checkpoints/run=", p.RUN_ID, "/"]),
            local_path=CHECKPOINTS,
        ),
        hyperparameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": ph.TRAINING_CODE_URI.reference,
            # The toolkit starts `torchrun` on each instance, with a process for every GPU, or one where there is none.
            "sagemaker_torch_distributed_enabled": "true",
            **{name: parameter.to_string() for name, parameter in p.HYPERPARAMETERS.items()},
        },
        tags=TAGS,
    ).with_metric_definitions([MetricDefinition(name=name, regex=regex) for name, regex in METRICS.items()])
    channels = {"train": p.TRAIN_DATA, "validation": p.VALIDATION_DATA, "model": p.BASE_MODEL}
    arguments = trainer.train(
        input_data_config=[InputData(channel_name=name, data_source=folder(uri)) for name, uri in channels.items()],
        wait=False,
    )
    return TrainingStep(
        name="FineTune",
        description="Train on the curated examples and export the model for serving.",
        step_args=arguments,
        cache_config=CACHE,
        retry_policies=[SERVICE_RETRY, JOB_RETRY],
    )


def _input(name: str, uri: object) -> ProcessingInput:
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{CONTAINER_INPUT}/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
        ),
    )


def _output(name: str, uri: object) -> ProcessingOutput:
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(s3_uri=uri, local_path=f"{CONTAINER_ROOT}/{name}", s3_upload_mode="EndOfJob"),
    )


def evaluate(session: PipelineSession, training: TrainingStep, report: PropertyFile) -> ProcessingStep:
    """Compare base and tuned model on held-out examples. The job has no network: it needs none."""
    processor = Processor(
        sagemaker_session=session,
        role=offline.role(ph.EVALUATION_ROLE_ARN),
        base_job_name="evaluate",
        image_uri=training_image(),
        entrypoint=["python3", f"{CONTAINER_INPUT}/code/{ph.EVALUATION_CODE_FILE.reference}"],
        instance_type=p.EVALUATION_INSTANCE_TYPE,
        instance_count=1,
        volume_size_in_gb=50,
        max_runtime_in_seconds=p.MAX_RUNTIME_SECONDS,
        output_kms_key=ph.KMS_KEY_ARN.reference,
        network_config=NetworkConfig(enable_network_isolation=True),
        tags=TAGS,
    )
    arguments = processor.run(
        arguments=[word for name, value in p.EVALUATION.items() for word in (f"--{name}", value.to_string())],
        inputs=[
            _input("code", offline.s3_object(ph.EVALUATION_CODE_URI)),
            _input("model", training.properties.ModelArtifacts.S3ModelArtifacts),
            _input("base", folder(p.BASE_MODEL)),
            _input("test", folder(p.TEST_DATA)),
            # To be searched for test records.
            _input("train", folder(p.TRAIN_DATA)),
            _input("champion", p.CHAMPION_MODEL),
        ],
        outputs=[_output("evaluation", Join(on="/", values=[p.OUTPUT_PREFIX, "evaluation"]))],
    )
    return ProcessingStep(
        name="Evaluate",
        description="Held-out loss and quality metric of the base, the tuned and the deployed model, and the verdict.",
        step_args=arguments,
        property_files=[report],
        cache_config=CACHE,
        retry_policies=[SERVICE_RETRY, JOB_RETRY],
    )


def register(session: PipelineSession, training: TrainingStep, evaluation: ProcessingStep) -> ModelStep:
    """Put the tuned model into the registry, where it waits for approval."""
    report_uri = Join(
        on="/",
        values=[
            evaluation.properties.ProcessingOutputConfig.Outputs["evaluation"].S3Output.S3Uri,
            "evaluation.json",
        ],
    )
    builder = ModelBuilder(
        sagemaker_session=session,
        role_arn=offline.role(ph.TRAINING_ROLE_ARN),
        image_uri=ph.INFERENCE_IMAGE.reference,
        s3_model_data_url=training.properties.ModelArtifacts.S3ModelArtifacts,
        env_vars=SERVING_ENVIRONMENT,
    )
    arguments = builder.register(
        model_package_group_name=ph.MODEL_PACKAGE_GROUP_NAME.reference,
        content_types=["application/json"],
        response_types=["application/json"],
        inference_instances=["ml.m5.large", "ml.m5.xlarge", "ml.c6i.xlarge"],
        approval_status="PendingManualApproval",
        model_metrics=ModelMetrics(model_statistics=MetricsSource(content_type="application/json", s3_uri=report_uri)),
        customer_metadata_properties={
            "run_id": p.RUN_ID,
            "base_model": p.BASE_MODEL,
            "train_data": p.TRAIN_DATA,
        },
    )
    return ModelStep(name="Register", step_args=arguments, retry_policies=[SERVICE_RETRY])


def quality_gate(evaluation: ProcessingStep, report: PropertyFile, registration: ModelStep) -> ConditionStep:
    """Register only what the evaluation found good enough; otherwise fail with its reasons.

    The verdict is the evaluation's; the numbers behind it are held to the parameters once more. A file without one of
    them fails the step.
    """

    def figure(path: str) -> JsonGet:
        return JsonGet(step_name=evaluation.name, property_file=report, json_path=path)

    failure = FailStep(
        name="QualityGateFailed",
        error_message=Join(
            on="",
            values=[
                # The evaluation's message has the limits too, and only those that hold for what was learned.
                "The tuned model did not clear the quality gate. ",
                figure("message"),
                ". Every figure is in ",
                p.OUTPUT_PREFIX,
                "/evaluation/evaluation.json.",
            ],
        ),
    )
    return ConditionStep(
        name="QualityGate",
        description="The evaluation's verdict, and the figures that it rests on.",
        conditions=[
            ConditionEquals(left=figure("verdict"), right="passed"),
            ConditionGreaterThanOrEqualTo(left=figure("margin"), right=0),
            ConditionGreaterThanOrEqualTo(left=figure("loss_reduction_low"), right=p.MINIMUM_LOSS_REDUCTION),
            ConditionGreaterThanOrEqualTo(left=figure("examples"), right=FEWEST_EXAMPLES),
            ConditionGreaterThan(left=p.MINIMUM_METRIC, right=0),
            ConditionGreaterThan(left=p.MINIMUM_LOSS_REDUCTION, right=0),
        ],
        if_steps=[registration],
        else_steps=[failure],
    )
