"""Early stopping: training ends when held-out loss no longer falls, with the weights of its best epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from pipelines.tuning.sharding import local


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
                # Off the accelerator, whose memory training needs.
                self._kept = [local(weight.detach()).to("cpu", copy=True) for weight in self.weights]
            return False
        self.epochs_since_best += 1
        return 0 < self.patience <= self.epochs_since_best

    @torch.no_grad()
    def restore(self) -> float:
        """Put the best epoch's weights back where there is patience, and give the loss of what the model now is."""
        if not self._kept:
            return self.last
        for weight, kept in zip(self.weights, self._kept, strict=True):
            local(weight).copy_(kept)
        return self.best
