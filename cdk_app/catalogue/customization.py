"""Models that Bedrock customizes: what a job of theirs takes, and which data it is trained on.

A workflow can name those that answer Converse, whose training data is text that preparation writes and the check of
formats knows. `TRAINING_DATA` says which that is; a test holds it equal to the table of `pipelines.formats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cdk_app.catalogue.facts import Customization, Method
from cdk_app.catalogue.workflow import CATALOGUE, ENTRIES


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The format that `data.outputs` calls `output`, and the limits of `family` in `fourfold check-data --model`."""

    output: str
    family: str


TRAINING_DATA: Mapping[str, TrainingData] = MappingProxyType(
    {
        "nova-micro": TrainingData("bedrock-conversation", "nova-micro"),
        "nova-lite": TrainingData("bedrock-conversation", "nova-lite"),
        "nova-pro": TrainingData("bedrock-conversation", "nova-pro"),
        "nova-2-lite": TrainingData("bedrock-conversation", "nova-2-lite"),
        "llama-3-1-8b-instruct": TrainingData("bedrock-prompt-completion", "llama-3.1"),
        "llama-3-1-70b-instruct": TrainingData("bedrock-prompt-completion", "llama-3.1"),
    }
)
"""By the model's key."""


def customization(key: str, method: Method) -> Customization | None:
    """What is known of a way to customize a model on Bedrock; None where it is not offered."""
    if key not in ENTRIES:
        return None
    found = (one for one in ENTRIES[key].customizations if one.service == "bedrock" and one.method == method)
    return next(found, None)


BEDROCK_CUSTOMIZABLE: tuple[str, ...] = tuple(
    key for key in TRAINING_DATA if key in CATALOGUE and customization(key, "fine-tuning")
)
"""Keys of the models that a workflow can have customized."""
