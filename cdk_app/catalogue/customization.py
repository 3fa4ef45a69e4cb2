"""Models that Bedrock customizes: what a job of theirs takes, and which data it is trained on.

A workflow can name those that answer Converse, whose training data is text that preparation writes and the check of
formats knows. `TRAINING_DATA` says which that is; a test holds it equal to the table of `pipelines.formats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cdk_app.catalogue.facts import Customization, Method
from cdk_app.catalogue.workflow import CATALOGUE, ENTRIES

TRAINING_DATA: Mapping[str, str] = MappingProxyType(
    {
        "nova-micro": "bedrock-conversation",
        "nova-lite": "bedrock-conversation",
        "nova-pro": "bedrock-conversation",
        "nova-2-lite": "bedrock-conversation",
        "llama-3-1-8b-instruct": "bedrock-prompt-completion",
        "llama-3-1-70b-instruct": "bedrock-prompt-completion",
        "llama-3-3-70b-instruct": "bedrock-conversation",
    }
)
"""The format, as `data.outputs` calls it, by the model's key."""


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
