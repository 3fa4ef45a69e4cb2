"""A model as a workflow uses it: the id that Converse names, the price that candidates are compared by.

Only what a template needs stands here; everything that is known of a model is an `Entry` (see `entry`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Platform = Literal["bedrock", "bedrock-import", "lambda"]
Modality = Literal["text", "image", "audio", "video"]


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
    """The list price; of a geographic profile, that of the United States."""
    prices_by_geography: tuple[tuple[str, TokenPrice], ...] = ()
    """What a geographic profile costs by its prefix, where that differs."""
    hugging_face_id: str | None = None
    """Repository of the open weights that the fine-tuning step can train; None: not customizable."""
    end_of_life: str | None = None
    """Day (ISO 8601) after which Bedrock no longer answers, where AWS has announced one."""
    sampling: bool = True
    """Whether requests may say a temperature; False for what is known to refuse one."""

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
