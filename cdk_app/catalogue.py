"""The models that a workflow can name: where they run, what they cost, and whether they can be fine-tuned.

Keys are ours and stable; ids are the service's. Nothing here is looked up at synthesis, so that synthesis
stays offline: prices and limits are facts of a date, given below, and are for comparing candidates only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

Platform = Literal["bedrock", "bedrock-import", "lambda"]
Modality = Literal["text", "image", "video"]


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """On-demand price of a model that is billed by the token."""

    usd_per_1k_input_tokens: float
    usd_per_1k_output_tokens: float


@dataclass(frozen=True, slots=True)
class SecondPrice:
    """Price of a model that is billed for as long as a copy of it is loaded."""

    usd_per_second: float


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the catalogue."""

    key: str
    """What `workflow.yaml` calls it."""
    provider: str
    platform: Platform
    """`bedrock`: on demand; `bedrock-import`: Custom Model Import; `lambda`: no model, the function decides."""
    model_id: str | None
    """Bedrock's id; None where there is no model, or where Bedrock assigns the id at import."""
    inference_profile: bool
    """Whether on-demand requests must name a cross-region inference profile instead of the model."""
    license: str
    context_tokens: int
    """Longest prompt and answer together, in tokens."""
    modalities: tuple[Modality, ...]
    """What it reads; every model here writes text."""
    price: TokenPrice | SecondPrice
    hugging_face_id: str | None = None
    """Repository of the open weights that the fine-tuning step can train; None: not customizable."""

    @property
    def customizable(self) -> bool:
        """Whether the fine-tuning step can train this model."""
        return self.hugging_face_id is not None

    def imported_as(self, imported_model_id: str) -> Model:
        """Return this model with the id that Bedrock assigned to an import of it."""
        return replace(self, model_id=imported_model_id)


_FREE = SecondPrice(usd_per_second=0.0)

_MODELS = (
    Model(
        key="extractive-lead",
        provider="Fourfold",
        platform="lambda",
        model_id=None,
        inference_profile=False,
        license="Apache-2.0",
        context_tokens=1_000_000,
        modalities=("text",),
        price=_FREE,
    ),
    Model(
        key="smollm2-135m-instruct",
        provider="Hugging Face",
        platform="bedrock-import",
        model_id=None,
        inference_profile=False,
        license="Apache-2.0",
        context_tokens=8192,
        modalities=("text",),
        price=SecondPrice(usd_per_second=0.0785 / 60),
        hugging_face_id="HuggingFaceTB/SmolLM2-135M-Instruct",
    ),
    Model(
        key="nova-micro",
        provider="Amazon",
        platform="bedrock",
        model_id="amazon.nova-micro-v1:0",
        inference_profile=True,
        license="AWS service terms",
        context_tokens=128_000,
        modalities=("text",),
        price=TokenPrice(0.000035, 0.00014),
    ),
    Model(
        key="nova-lite",
        provider="Amazon",
        platform="bedrock",
        model_id="amazon.nova-lite-v1:0",
        inference_profile=True,
        license="AWS service terms",
        context_tokens=300_000,
        modalities=("text", "image", "video"),
        price=TokenPrice(0.00006, 0.00024),
    ),
    Model(
        key="claude-haiku-4-5",
        provider="Anthropic",
        platform="bedrock",
        model_id="anthropic.claude-haiku-4-5-20251001-v1:0",
        inference_profile=True,
        license="Anthropic commercial terms",
        context_tokens=200_000,
        modalities=("text", "image"),
        price=TokenPrice(0.0011, 0.0055),
    ),
)

CATALOGUE: Mapping[str, Model] = MappingProxyType({model.key: model for model in _MODELS})
"""Every model by its key."""
