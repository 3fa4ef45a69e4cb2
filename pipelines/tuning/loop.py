"""The training loop's state and its one step. Which examples a step sees is a function of seed and step alone.

So the state that another process would need to go on is the trained weights, the optimizer's own state, the
number of steps taken, and PyTorch's random state (for dropout).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from transformers import PreTrainedModel

from pipelines.tuning import batches, sharding
from pipelines.tuning.container import TuningError
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.objective import Objective
from pipelines.tuning.objectives import Answers
from pipelines.tuning.processes import ALONE, Processes
from pipelines.tuning.schedule import learning_rate_at
from pipelines.tuning.settings import TrainingSettings

MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Step:
    """One optimizer step: the batch's mean loss from before it, and how many tokens it saw."""

    loss: float
    learning_rate: float
    tokens: int


@dataclass
class Trainer:
    """A model under training, after `step` optimizer steps. `training` has units as the objective loads them."""

    model: PreTrainedModel
    weights: Sequence[nn.Parameter]
    training: Sequence[Any]
    settings: TrainingSettings
    hardware: Hardware
    objective: Objective[Any] = field(default_factory=Answers)
    step: int = 0
    processes: Processes = ALONE
    optimizer: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        self.optimizer = adam(self.weights, self.settings)
        self._order: tuple[int, list[list[Any]]] = (-1, [])

    @property
    def steps_in_epoch(self) -> int:
        return math.ceil(len(self.training) / self.settings.batch_size)

    @property
    def steps(self) -> int:
        return self.settings.epochs * self.steps_in_epoch

    def next_batch(self) -> list[Any]:
        """Give the examples of the next step."""
        epoch, position = divmod(self.step, self.steps_in_epoch)
        if self._order[0] != epoch:
            self._order = (epoch, batches.dealt_out(self.training, self.settings.batch_size, self.settings.seed, epoch))
        return self._order[1][position]

    def take_step(self) -> Step:
        """Learn from the next batch.

        Raises:
            TuningError: the loss or its gradient is no number any more; nothing is learned from it.
        """
        batch = self.next_batch()
        self.step += 1
        given = self.settings
        rate = learning_rate_at(self.step, self.steps, given.learning_rate, given.warm_up, given.schedule)
        self.processes.seed_step(given.seed, self.step)
        loss = self.gradients(batch)
        self._refuse_no_number("loss", loss)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self._refuse_no_number("gradient", sharding.full(clip_grad_norm_(self.weights, MAX_GRADIENT_NORM)).item())
        self.optimizer.step()
        self.optimizer.zero_grad()
        return Step(loss, rate, sum(self.objective.tokens(unit) for unit in batch))

    def _refuse_no_number(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            raise TuningError(
                f"The {what} became {value} in step {self.step} of {self.steps}. Lower the learning rate "
                f"(now {self.settings.learning_rate:g})."
            )

    def gradients(self, batch: Sequence[Any]) -> float:
        """Add up the gradients of a batch's mean loss, group by group and over all processes, and give that loss."""
        weight = self.objective.weight(batch)
        total = 0.0
        groups = partial(self.objective.groups, tokens_at_once=self.hardware.tokens_at_once)
        for group, counts in self.processes.passes(batch, groups, self.objective.tokens):
            with self.hardware.autocast():
                summed = sharding.computed(self.model, self.objective.summed_loss, group, self.hardware.device)
            loss = summed * counts / weight
            torch.autograd.backward(loss * self.processes.gradient_factor)
            total += loss.item()
        self.processes.sum_gradients(self.weights)
        return self.processes.total(total)


def adam(weights: Sequence[nn.Parameter], settings: TrainingSettings) -> torch.optim.Optimizer:
    """AdamW in one kernel. Decay holds matrices small; a norm's factors are no matrix."""
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [w for w in weights if w.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.learning_rate, fused=True)
