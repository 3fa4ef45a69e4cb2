"""Early stopping: training ends when held-out loss no longer falls, with the weights of its best epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from pipelines.tuning import sharding


@dataclass
class Stopping:
    """What the epochs so far brought. `patience` 0 never stops, and keeps no weights but the last."""

    weights: Sequence[nn.Parameter]
    patience: int
    best: float = math.inf
    last: float = math.inf
    epochs_since_best: int = 0
    _kept: list[torch.Tensor] = field(default_factory=list)

    def after_epoch(self, loss: float) -> bool:
        """Take note of an epoch's held-out loss; whether to stop."""
        self.last = loss
        if loss < self.best:
            self.best, self.epochs_since_best = loss, 0
            if self.patience:
                self._kept = [sharding.copied(weight.detach()) for weight in self.weights]
            return False
        self.epochs_since_best += 1
        return self.exhausted

    @property
    def exhausted(self) -> bool:
        """Whether so many epochs brought nothing that training ends."""
        return 0 < self.patience <= self.epochs_since_best

    def state(self) -> dict[str, Any]:
        """Give what another process needs to go on."""
        return {
            "best": self.best,
            "last": self.last,
            "epochs_since_best": self.epochs_since_best,
            "kept": self._kept,
        }

    def go_on_from(self, state: dict[str, Any]) -> None:
        """Become what the state describes."""
        self.best, self.last = state["best"], state["last"]
        self.epochs_since_best = state["epochs_since_best"]
        self._kept = [sharding.copied(kept) for kept in state["kept"]]

    @torch.no_grad()
    def restore(self) -> float:
        """Put the best epoch's weights back where there is patience, and give the loss of what the model now is."""
        if not self._kept:
            return self.last
        for weight, kept in zip(self.weights, self._kept, strict=True):
            weight.copy_(kept)
        return self.best
