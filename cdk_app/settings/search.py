"""Section `tuning.search`: automatic model tuning, which tries several values of some settings and takes the best."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.settings.section import Section

HYPERPARAMETERS = {
    "learning_rate": "learning_rate",
    "warm_up": "warm_up",
    "weight_decay": "weight_decay",
    "schedule": "schedule",
    "epochs": "epochs",
    "batch_size": "batch_size",
    "rank": "lora_rank",
    "alpha": "lora_alpha",
    "dropout": "lora_dropout",
    "trained_layers": "trained_layers",
}
"""The settings under `tuning` that can be searched, and what the training script calls each."""

Number = Annotated[float, Field(ge=-1e9, le=1e9)]
OnlyFor = Literal["lora", "frozen"]
ONLY_FOR: dict[str, OnlyFor] = {"rank": "lora", "alpha": "lora", "dropout": "lora", "trained_layers": "frozen"}
"""Settings that one method of tuning alone reads."""


class SearchRange(Section):
    """A setting to search: numbers from `minimum` to `maximum`, or one of `values`."""

    setting: Annotated[str, Field(json_schema_extra={"enum": list(HYPERPARAMETERS)})]
    """Which setting of `tuning`."""

    minimum: Number | None = None
    """Least number to try."""

    maximum: Number | None = None
    """Largest number to try."""

    scale: Literal["linear", "logarithmic"] = "linear"
    """`logarithmic` gives each magnitude the same share of the trials; a learning rate wants it."""

    values: Annotated[tuple[int | float | str, ...] | None, Field(min_length=2, max_length=30, strict=False)] = None
    """The values to try, where there are only some; they have no order."""


class Search(Section):
    """Automatic model tuning: several training jobs, of which the one with the lowest held-out loss is taken."""

    strategy: Literal["bayesian", "random"] = "bayesian"
    """`bayesian` learns from the trials before, `random` draws; both do the same again with the same `tuning.seed`."""

    trials: Annotated[int, Field(ge=2, le=100)] = 8
    """Training jobs in all; each may cost as much as one without a search."""

    at_once: Annotated[int, Field(ge=1, le=10)] = 1
    """Training jobs that run at the same time."""

    early_stopping: bool = False
    """Stop a trial whose held-out loss after an epoch is worse than the median of those before it."""

    ranges: Annotated[tuple[SearchRange, ...], Field(min_length=1, max_length=10, strict=False)]
    """What is searched. A run cannot override a setting that is."""

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that are searched."""
        return tuple(one.setting for one in self.ranges)
