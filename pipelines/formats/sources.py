"""Where the limits are documented. The pages bear no date: they are as they stood when they were read."""

from typing import NamedTuple

READ = "November 2026"


class Source(NamedTuple):
    """A page, or a validator that the service's documentation recommends or AWS publishes."""

    title: str
    address: str


_BEDROCK = "https://docs.aws.amazon.com/bedrock/latest/userguide"

BEDROCK = Source(
    "Amazon Bedrock User Guide: Prepare data for fine-tuning your models",
    f"{_BEDROCK}/model-customization-prepare.html",
)
BEDROCK_EARLIER = Source(
    "Amazon Bedrock User Guide, an earlier edition: Model requirements for training and validation datasets",
    f"{_BEDROCK}/model-training-validation-requirements.html",
)
PRE_TRAINING = Source(
    "Amazon Bedrock User Guide, an earlier edition: Prepare datasets for continued pre-training",
    f"{_BEDROCK}/dataset-prep-continued-pretraining.html",
)
NOVA = Source(
    "Amazon Nova User Guide: Preparing data for fine-tuning Understanding models",
    "https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html",
)
NOVA_2 = Source(
    "Amazon Bedrock User Guide: Supervised fine-tuning on Amazon Nova 2.0", f"{_BEDROCK}/nova-2-sft-data-prep.html"
)
NOVA_VALIDATOR = Source(
    "aws-samples/amazon-nova-samples: nova_ft_dataset_validator.py",
    "https://github.com/aws-samples/amazon-nova-samples/tree/main/customization/bedrock-finetuning/understanding/"
    "dataset_validation",
)
LLAMA_VALIDATOR = Source(
    "aws-samples/amazon-bedrock-samples: Dataset Validation for Fine-tuning Open Source Models",
    "https://github.com/aws-samples/amazon-bedrock-samples/tree/main/custom-models/bedrock-fine-tuning/meta-llama/"
    "dataset_validation",
)
CLAUDE_VALIDATOR = Source(
    "aws-samples/amazon-bedrock-workshop: claude-haiku/DataValidation",
    "https://github.com/aws-samples/amazon-bedrock-workshop/tree/main/03_Model_customization/bedrock-fine-tuning/"
    "claude-haiku/DataValidation",
)
CLAUDE = Source(
    "Anthropic cookbook: Finetuning Claude 3 Haiku on Bedrock",
    "https://platform.claude.com/cookbook/finetuning-finetuning-on-bedrock",
)
COHERE = Source(
    "Cohere documentation: Fine-tuning Cohere Models on Amazon Bedrock",
    "https://docs.cohere.com/docs/fine-tuning-cohere-models-on-amazon-bedrock",
)
