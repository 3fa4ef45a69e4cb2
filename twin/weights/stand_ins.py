"""Foundation models that Bedrock customizes, and the local weights that stand in for each.

What is shown with a stand-in is that a workflow holds together: data, job, states, permissions, serving. Its figures
are those of the weights named here, and say nothing of the model whose id they go by. So no stand-in is a candidate
in a run here, which would be one model under two names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from twin.weights.checkpoint import base_checkpoint
from twin.weights.imported import MODELS, LocalModel


@dataclass(frozen=True)
class StandIn:
    """What answers to a foundation model's id, and what is trained where it is customized.

    Attributes:
        base_model_id: what a customization job names; requests name `model_id`.
        key: what the catalogue calls it, by which `fourfold check-data` knows the limits of its training data.
        hyperparameters: what a job may give, by the API's names: least, most and default.
        on_demand: whether a customized one may be deployed on demand.
    """

    model_id: str
    base_model_id: str
    key: str
    hyperparameters: Mapping[str, tuple[float, float, float]]
    on_demand: bool
    model: LocalModel
    checkpoint: Callable[[Path], Path]


_NOVA = {
    "epochCount": (1, 5, 2),
    "learningRate": (1e-6, 1e-4, 1e-5),
    "learningRateWarmupSteps": (0, 100, 10),
}

STAND_INS: Mapping[str, StandIn] = {
    one.model_id: one
    for one in (
        StandIn(
            model_id="amazon.nova-micro-v1:0",
            base_model_id="amazon.nova-micro-v1:0:128k",
            key="nova-micro",
            hyperparameters=_NOVA,
            on_demand=True,
            model=MODELS["smollm2q41v1"],
            checkpoint=base_checkpoint,
        ),
    )
}
"""By the id that requests name."""


def customizable(identifier: str) -> StandIn | None:
    """What stands in for the base model that a job names, by id or ARN."""
    name = identifier.rpartition("/")[2]
    return next((one for one in STAND_INS.values() if name in (one.base_model_id, one.model_id)), None)
