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
