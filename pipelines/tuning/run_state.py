"""Everything about a training run that changes while it goes on: what another process needs to go on from here.

Which examples a step sees, and its learning rate, are functions of the settings and the step, and so are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from pipelines.tuning import sharding
from pipelines.tuning.loop import Trainer
from pipelines.tuning.stopping import Stopping

Curve = list[dict[str, float]]


@dataclass
class Run:
    """A training run after so many steps. The last point of an epoch has the epoch's held-out loss, once it is known.

    `loss_before` is the base model's. `seconds` are those of the processes before this one, `resumed_from` the steps
    at which they ended.
    """

    trainer: Trainer
    stopping: Stopping
    loss_before: float | None = None
    curve: Curve = field(default_factory=list)
    seconds: float = 0.0
    resumed_from: list[int] = field(default_factory=list)

    @property
    def lacks_validation(self) -> bool:
        """Whether an epoch has ended whose held-out loss is not known yet."""
        ended = self.trainer.step > 0 and self.trainer.step % self.trainer.steps_in_epoch == 0
        return ended and "validation_loss" not in self.curve[-1]

    @property
    def ended(self) -> bool:
        """Whether no step is left to take."""
        return self.trainer.step == self.trainer.steps or self.stopping.exhausted

    def state(self, seconds: float) -> dict[str, Any]:
        """Give the state as PyTorch saves it: weights that are not trained are not in it.

        All processes must do so at the same time; where they share the weights, only the first gets the state whole.
        """
        trainer = self.trainer
        spread = {
            "weights": [weight.detach() for weight in trainer.weights],
            "optimizer": trainer.optimizer.state_dict(),
            "stopping": self.stopping.state(),
        }
        return {
            **sharding.put_together_all(spread, keep=trainer.processes.first),
            "step": trainer.step,
            "random": random_state(trainer.hardware.device),
            "curve": self.curve,
            "loss_before": self.loss_before,
            "seconds": self.seconds + seconds,
            "resumed_from": self.resumed_from,
        }

    @torch.no_grad()
    def go_on_from(self, state: dict[str, Any]) -> None:
        """Become what the state describes: of a run with the same settings, data and base model."""
        trainer = self.trainer
        parts = {name: state[name] for name in ("weights", "optimizer", "stopping")}
        state = state | sharding.take_apart_all(parts, trainer.weights[0])
        for weight, saved in zip(trainer.weights, state["weights"], strict=True):
            weight.copy_(saved)
        trainer.optimizer.load_state_dict(state["optimizer"])
        own_tensors(trainer.optimizer)
        trainer.step = state["step"]
        self.stopping.go_on_from(state["stopping"])
        self.curve, self.loss_before = state["curve"], state["loss_before"]
        self.seconds = state["seconds"]
        self.resumed_from = [*state["resumed_from"], trainer.step]
        # Last: nothing after this may throw dice.
        restore_random_state(trainer.hardware.device, state["random"])


def own_tensors(optimizer: torch.optim.Optimizer) -> None:
    """Copy what an optimizer has taken over from a file as it lay there, which is what is on the CPU."""
    for kept in optimizer.state.values():
        kept.update({name: value.clone() for name, value in kept.items() if _on_cpu(value)})


def _on_cpu(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.device.type == "cpu"


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """Give the state of PyTorch's dice, by which dropout falls: the CPU's and, if it is another, the device's."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(device: torch.device, state: dict[str, torch.Tensor]) -> None:
    """Put the dice back. A state without the device's, from a job on a CPU, leaves those as the seed made them."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
