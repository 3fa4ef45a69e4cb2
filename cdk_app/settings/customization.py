"""Section `tuning.bedrock`: a foundation model that Bedrock customizes, and how it is served."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.catalogue import BEDROCK_CUSTOMIZABLE
from cdk_app.settings.section import Section

HYPERPARAMETERS = {
    "epochs": "epochCount",
    "learning_rate": "learningRate",
    "warm_up_steps": "learningRateWarmupSteps",
    "batch_size": "batchSize",
}
"""Settings by the API's names for them; `fourfold models MODEL` says which a model takes, and within which bounds."""


class BedrockCustomization(Section):
    """Customization of a foundation model on Bedrock, the other way to tune."""

    model: Annotated[str, Field(json_schema_extra={"enum": list(BEDROCK_CUSTOMIZABLE)})]
    """Key of the model to customize."""

    method: Literal["fine-tuning", "continued-pre-training", "distillation"] = "fine-tuning"
    """What Bedrock does with it. The model must allow it."""

    teacher: str | None = None
    """Key of the model whose answers a distilled one is trained on."""

    epochs: Annotated[int, Field(ge=1, le=50)] | None = None
    """Passes over the training records. Where none is given, Bedrock's default for the model holds, here and below."""

    learning_rate: Annotated[float, Field(ge=1e-7, le=0.1)] | None = None
    """Learning rate."""

    warm_up_steps: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Steps in which the learning rate rises."""

    batch_size: Annotated[int, Field(ge=1, le=512)] | None = None
    """Records in a step."""

    serving: Literal["on-demand", "provisioned"] = "on-demand"
    """`on-demand` bills by the token, for the models that allow it; `provisioned` bills by the hour until it is \
deleted."""

    model_units: Annotated[int, Field(ge=1, le=100)] = 1
    """Model units of provisioned throughput."""

    time_to_live_hours: Annotated[int, Field(ge=1, le=720)] = 8
    """Hours after which provisioned throughput is deleted, whatever became of the run that bought it."""

    @property
    def hyperparameters(self) -> dict[str, float]:
        """The given hyperparameters by the API's names."""
        given = {api: getattr(self, name) for name, api in HYPERPARAMETERS.items()}
        return {api: value for api, value in given.items() if value is not None}
