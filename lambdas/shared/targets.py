"""The approved target: what the gateway sends requests to. One JSON document in one SSM parameter.

The state machine writes it after an approval; ``none`` stands there before the first.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import ClassVar

from lambdas.shared import aws
from lambdas.shared.errors import InvalidTarget
from lambdas.shared.fields import Fields

NONE = "none"


@dataclass(frozen=True)
class SageMakerTarget:
    """A fine-tuned model behind an endpoint."""

    endpoint: str
    model_package_arn: str
    run_id: str
    kind: ClassVar[str] = "sagemaker"

    @property
    def label(self) -> str:
        """Name of the model that callers may see: group and version, without account or region."""
        return self.model_package_arn.rpartition("model-package/")[2]


@dataclass(frozen=True)
class BedrockTarget:
    """A foundation model that was good enough as it is, or a customized one.

    Attributes:
        prompt_key: for few-shot, the object in the models bucket that holds the examples.
        sampling: whether the model takes a temperature.
        serving: for a customized model ``on-demand`` or ``provisioned``; `model_id` is then the ARN of what serves it.
    """

    model_id: str
    strategy: str
    run_id: str
    prompt_key: str | None = None
    sampling: bool = True
    serving: str | None = None
    kind: ClassVar[str] = "bedrock"

    @property
    def label(self) -> str:
        """Name of the model that callers may see: without account or region."""
        return self.model_id.rpartition("/")[2]


@dataclass(frozen=True)
class ExtractiveTarget:
    """The extractive baseline, which needs no model."""

    run_id: str
    kind: ClassVar[str] = "extractive"
    label: ClassVar[str] = "extractive"


Target = SageMakerTarget | BedrockTarget | ExtractiveTarget


def parse_target(text: str, where: str = "the approved target") -> Target | None:
    """Read a target; ``none`` gives None.

    Raises:
        InvalidTarget: it is neither.
    """
    if text.strip() == NONE:
        return None
    remedy = "Put back a former value from the parameter's history, or 'none'."
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidTarget("The value is not JSON", where=where, remedy=remedy) from None
    return target_of(Fields(value, where, InvalidTarget, remedy))


def target_of(fields: Fields) -> Target:
    """Read a target out of its JSON object; a wrong one raises the fields' own error."""
    kind, run_id = fields.text("kind"), fields.text("run_id")
    if kind == SageMakerTarget.kind:
        return SageMakerTarget(fields.text("endpoint"), fields.text("model_package_arn"), run_id)
    if kind == BedrockTarget.kind:
        key = fields.text("prompt_key") if "prompt_key" in fields else None
        sampling = fields.flag("sampling", default=True)
        serving = fields.text("serving") if "serving" in fields else None
        return BedrockTarget(fields.text("model_id"), fields.text("strategy"), run_id, key, sampling, serving)
    if kind == ExtractiveTarget.kind:
        return ExtractiveTarget(run_id)
    raise fields.complaint(f"The kind {kind!r} is not sagemaker, bedrock or extractive")


def target_document(target: Target) -> dict[str, object]:
    """Give the JSON object that `parse_target` reads."""
    document = {"kind": target.kind, **asdict(target)}
    if document.get("sampling"):
        del document["sampling"]  # as it is with nearly all models
    return {name: value for name, value in document.items() if value is not None}


def read_parameter(name: str) -> str:
    """Read a parameter's value from SSM."""
    return str(aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def read_target(parameter: str) -> Target | None:
    """Read the approved target from its parameter."""
    return parse_target(read_parameter(parameter), f"SSM parameter {parameter}")
