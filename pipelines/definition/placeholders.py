"""What `pipeline.json` leaves open until deployment: `${Name}` marks that `Fn::Sub` fills in.

The definition is rendered offline, for no account and no region in particular. Whatever an account, a region
or a stack decides stands in it as one of these placeholders; what may differ between two executions is a
pipeline parameter instead (see `parameters.py`). Every placeholder is a string wherever it occurs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Placeholder:
    """One mark to substitute: `reference` is its text in the definition, `example` a realistic value."""

    name: str
    meaning: str
    example: str

    @property
    def reference(self) -> str:
        return "${" + self.name + "}"


DLC_ACCOUNT = Placeholder(
    "DlcAccount",
    "Account that owns the AWS Deep Learning Containers in the region.",
    "763104351884",
)
REGION = Placeholder("AWS::Region", "CloudFormation's own pseudo parameter.", "eu-west-1")
URL_SUFFIX = Placeholder("AWS::URLSuffix", "CloudFormation's own pseudo parameter.", "amazonaws.com")
INFERENCE_IMAGE = Placeholder(
    "InferenceImage",
    "Image that serves the registered model: the llama.cpp Deep Learning Container for SageMaker on a CPU "
    "(repository llama-cpp, tag server-sagemaker-cpu-v1), the same as the serving stack's.",
    "763104351884.dkr.ecr.eu-west-1.amazonaws.com/llama-cpp:server-sagemaker-cpu-v1",
)
TRAINING_ROLE_ARN = Placeholder(
    "TrainingRoleArn",
    "Role of the training job.",
    "arn:aws:iam::111122223333:role/training",
)
EVALUATION_ROLE_ARN = Placeholder(
    "EvaluationRoleArn",
    "Role of the processing job that evaluates; may be the training role.",
    "arn:aws:iam::111122223333:role/evaluation",
)
KMS_KEY_ARN = Placeholder(
    "KmsKeyArn",
    "Customer-managed key that encrypts what the jobs write to S3.",
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
)
MODELS_BUCKET = Placeholder(
    "ModelsBucket",
    "Bucket of models: checkpoints lie in it under `checkpoints/run=<RunId>/`, apart from the run's results.",
    "models",
)
TRAINING_CODE_URI = Placeholder(
    "TrainingCodeUri",
    "S3 address of a tar.gz whose root holds train.py and requirements.txt of pipelines/tuning, and the whole "
    "folder again as pipelines/tuning/ (the modules import each other by that name).",
    "s3://assets/0123456789abcdef.tar.gz",
)
EVALUATION_CODE_URI = Placeholder(
    "EvaluationCodeUri",
    "S3 address of one zip that Python can run: its root holds __main__.py of pipelines/tuning, and the whole "
    "folder again as pipelines/tuning/.",
    "s3://assets/fedcba9876543210.zip",
)
EVALUATION_CODE_FILE = Placeholder(
    "EvaluationCodeFile",
    "Last part of EvaluationCodeUri: the file's name once it is mounted in the job.",
    "fedcba9876543210.zip",
)
MODEL_PACKAGE_GROUP_NAME = Placeholder(
    "ModelPackageGroupName",
    "Group in the model registry that receives the tuned model.",
    "fourfold-dev",
)
PROJECT_NAME = Placeholder("ProjectName", "Value of the tag `project` on every job.", "fourfold")
ENVIRONMENT = Placeholder("Environment", "Value of the tag `environment` on every job.", "dev")

PLACEHOLDERS: tuple[Placeholder, ...] = (
    DLC_ACCOUNT,
    REGION,
    URL_SUFFIX,
    INFERENCE_IMAGE,
    TRAINING_ROLE_ARN,
    EVALUATION_ROLE_ARN,
    KMS_KEY_ARN,
    MODELS_BUCKET,
    TRAINING_CODE_URI,
    EVALUATION_CODE_URI,
    EVALUATION_CODE_FILE,
    MODEL_PACKAGE_GROUP_NAME,
    PROJECT_NAME,
    ENVIRONMENT,
)
