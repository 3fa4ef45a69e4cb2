"""The models that a workflow can name: where they run, what they cost, and whether they can be fine-tuned.

Keys are ours and stable; ids are Amazon Bedrock's. Nothing is looked up at synthesis, which stays offline:
prices and limits are facts of a date. They let candidates be compared; the bill is AWS's.

Sources, as of 2026-11-21, for us-east-1:

- token prices, context lengths and profiles: AWS's price list (pricing.us-east-1.amazonaws.com, offers
  AmazonBedrock and AmazonBedrockFoundationModels) as carried by the PyPI packages litellm 1.109.1 and
  genai-prices 0.2.3, which agree on every figure here; geographic profiles cost more outside the US;
- Custom Model Import: 0.05718 USD a minute for each custom model unit, https://aws.amazon.com/bedrock/pricing/;
- Lambda: 0.0000166667 USD a GB-second, https://aws.amazon.com/lambda/pricing/.
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
    """Price of a second of compute, for what is billed by time."""

    usd_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of the catalogue."""

    key: str
    """What `workflow.yaml` calls it."""
    provider: str
    platform: Platform
    """`bedrock`: on demand; `bedrock-import`: Custom Model Import; `lambda`: no model, a function answers."""
    model_id: str | None
    """Bedrock's id; None where there is no model, or where Bedrock assigns the id at import."""
    inference_profile: Literal["geographic", "global"] | None = None
    """The cross-region inference profile that requests name instead of the model; None: the model itself."""
    license: str
    context_tokens: int
    """Longest prompt and answer together, in tokens."""
    modalities: tuple[Modality, ...] = ("text",)
    """What it reads; every model here writes text."""
    price: TokenPrice | SecondPrice
    hugging_face_id: str | None = None
    """Repository of the open weights that the fine-tuning step can train; None: not customizable."""
    end_of_life: str | None = None
    """Day (ISO 8601) after which Bedrock no longer answers, where AWS has announced one."""

    @property
    def customizable(self) -> bool:
        """Whether the fine-tuning step can train this model."""
        return self.hugging_face_id is not None

    @property
    def converse_model_id(self) -> str:
        """What Converse's `modelId` must be, as a template for CloudFormation's `Fn::Sub`; empty without a model.

        It may hold `${AWS::Partition}`, `${AWS::Region}`, `${AWS::AccountId}` and `${BedrockGeography}`, the
        last to be looked up in `GEOGRAPHIES`.

        Raises:
            ValueError: an imported model that has not been given its id (see `imported_as`).
        """
        if self.platform == "lambda":
            return ""
        if self.model_id is None:
            raise ValueError(f"{self.key} is imported: its id is the candidate's `imported_model_id`")
        if self.platform == "bedrock-import":
            account = "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}"
            return f"{account}:imported-model/{self.model_id}"
        prefix = {"geographic": "${BedrockGeography}.", "global": "global.", None: ""}[self.inference_profile]
        return prefix + self.model_id

    def imported_as(self, imported_model_id: str) -> Model:
        """Return this model with the id that Bedrock assigned to an import of it."""
        return replace(self, model_id=imported_model_id)


_MODELS = (
    Model(
        key="extractive-lead",
        provider="Fourfold",
        platform="lambda",
        model_id=None,
        license="Apache-2.0",
        context_tokens=1_000_000,
        price=SecondPrice(0.0000166667),
    ),
    Model(
        key="smollm2-135m-instruct",
        provider="Hugging Face",
        platform="bedrock-import",
        model_id=None,
        license="Apache-2.0",
        context_tokens=8_192,
        price=SecondPrice(0.05718 / 60),  # one custom model unit, billed by AWS in windows of five minutes
        hugging_face_id="HuggingFaceTB/SmolLM2-135M-Instruct",
    ),
    Model(
        key="nova-micro",
        provider="Amazon",
        platform="bedrock",
        model_id="amazon.nova-micro-v1:0",
        inference_profile="geographic",
        license="AWS Service Terms",
        context_tokens=128_000,
        price=TokenPrice(0.000035, 0.00014),
    ),
    Model(
        key="nova-lite",
        provider="Amazon",
        platform="bedrock",
        model_id="amazon.nova-lite-v1:0",
        inference_profile="geographic",
        license="AWS Service Terms",
        context_tokens=300_000,
        modalities=("text", "image", "video"),
        price=TokenPrice(0.00006, 0.00024),
    ),
    Model(
        key="nova-pro",
        provider="Amazon",
        platform="bedrock",
        model_id="amazon.nova-pro-v1:0",
        inference_profile="geographic",
        license="AWS Service Terms",
        context_tokens=300_000,
        modalities=("text", "image", "video"),
        price=TokenPrice(0.0008, 0.0032),
    ),
    Model(
        key="nova-2-lite",
        provider="Amazon",
        platform="bedrock",
        model_id="amazon.nova-2-lite-v1:0",
        inference_profile="global",
        license="AWS Service Terms",
        context_tokens=1_000_000,
        modalities=("text", "image", "video"),
        price=TokenPrice(0.0003, 0.0025),
    ),
    Model(
        key="claude-haiku-4-5",
        provider="Anthropic",
        platform="bedrock",
        model_id="anthropic.claude-haiku-4-5-20251001-v1:0",
        inference_profile="global",
        license="Anthropic on Bedrock Commercial Terms of Service",
        context_tokens=200_000,
        modalities=("text", "image"),
        price=TokenPrice(0.001, 0.005),
    ),
    Model(
        key="llama-3-1-8b-instruct",
        provider="Meta",
        platform="bedrock",
        model_id="meta.llama3-1-8b-instruct-v1:0",
        inference_profile="geographic",  # in the US only
        license="Llama 3.1 Community License",
        context_tokens=128_000,
        price=TokenPrice(0.00022, 0.00022),
        end_of_life="2027-03-30",
    ),
    Model(
        key="ministral-3-3b-instruct",
        provider="Mistral AI",
        platform="bedrock",
        model_id="mistral.ministral-3-3b-instruct",
        license="Apache-2.0",
        context_tokens=128_000,
        modalities=("text", "image"),
        price=TokenPrice(0.0001, 0.0001),
    ),
    Model(
        key="ministral-3-8b-instruct",
        provider="Mistral AI",
        platform="bedrock",
        model_id="mistral.ministral-3-8b-instruct",
        license="Apache-2.0",
        context_tokens=128_000,
        modalities=("text", "image"),
        price=TokenPrice(0.00015, 0.00015),
    ),
)

CATALOGUE: Mapping[str, Model] = MappingProxyType({model.key: model for model in _MODELS})
"""Every model by its key."""

_REGIONS_BY_GEOGRAPHY = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
}

GEOGRAPHIES: Mapping[str, str] = MappingProxyType(
    {region: geography for geography, regions in _REGIONS_BY_GEOGRAPHY.items() for region in regions}
)
"""Prefix of geographic inference profiles by the region that the request is made in.

The regions where Amazon's Nova profiles answer:
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html, 2026-11-21.
"""
