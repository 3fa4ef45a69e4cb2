"""What a training tries to make better, and how that is measured: what `objectives` has three of.

Which weights are trained to that end is the method's business (`methods`), and how a step is taken the loop's. An
objective says what a record becomes, how much of it counts, what its loss is, and what a model makes of held-out ones.
The last is two figures by record, so that two models can be compared record by record (`gains`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import sharding
from pipelines.tuning.drawing import Census
from pipelines.tuning.examples import Example
from pipelines.tuning.gains import Gain
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.processes import ALONE, Processes

U = TypeVar("U")
OnProgress = Callable[[int, int], None]
Figures = NDArray[np.float64]
Measured = dict[str, Figures]


class Objective(ABC, Generic[U]):
    """What is learned from units of whatever kind; batches count units."""

    name: str

    @abstractmethod
    def load(
        self, folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
    ) -> tuple[list[U], Census]:
        """Read a channel, draw at most `limit` records by chance, and make units of them."""

    @abstractmethod
    def tokens(self, unit: U) -> int:
        """Count the tokens that the model sees of a unit."""

    @abstractmethod
    def weight(self, units: Sequence[U]) -> int:
        """Count what a mean loss is a mean over: tokens that are learned, or pairs."""

    @abstractmethod
    def groups(self, units: Sequence[U], tokens_at_once: int) -> Iterator[list[U]]:
        """Cut a batch into groups that fit into memory; their summed losses add up to the batch's.

        A unit may be divided too.
        """

    @abstractmethod
    def summed_loss(self, model: PreTrainedModel, group: Sequence[U], device: torch.device) -> torch.Tensor:
        """Give the sum of a group's losses, a scalar in fp32. Of a batch, divided by its weight, it is the mean loss.

        The model attends by `attention.PACKED`, and computes by `kernels.install` if it shall be fast.
        """

    @abstractmethod
    def figures(self, model: PreTrainedModel, group: Sequence[U], device: torch.device) -> Measured:
        """Give two figures by record id that say what a model makes of a group; of a divided record they add up."""

    @abstractmethod
    def compare(self, base: Figures, tuned: Figures, seed: int, level: float) -> Gain:
        """Compare two models by their figures, a row a record, in one order."""

    @abstractmethod
    def losses(self, base: Figures, tuned: Figures) -> list[float]:
        """Give a model's summed loss by record, from both models' figures; divided by the weight it is the mean."""

    @abstractmethod
    def record_ids(self, units: Sequence[U]) -> list[str]:
        """Name the records that the units are of, each once, in the order of figures."""

    def answers(self, units: Sequence[U]) -> list[Example]:  # noqa: ARG002
        """Give the units as questions with the wanted answers, where they are such; otherwise none."""
        return []

    def with_reference(
        self,
        model: PreTrainedModel,  # noqa: ARG002
        units: Sequence[U],
        hardware: Hardware,  # noqa: ARG002
        on_progress: OnProgress,  # noqa: ARG002
    ) -> list[U]:
        """Add what the base model says of the units, where the loss compares with it.

        `model` is the one to train, before anything was learned or restored.
        """
        return list(units)

    def mean_loss(
        self,
        model: PreTrainedModel,
        units: Sequence[U],
        hardware: Hardware,
        on_progress: OnProgress,
        processes: Processes = ALONE,
    ) -> float:
        """Give the mean loss over held-out units, without dropout.

        `on_progress` gets how many units are done, and of how many, also before the first. Of several processes each
        takes its share of the units and gets the mean over all.
        """
        total = 0.0

        def add(group: list[U], counts: float) -> None:
            nonlocal total
            total += counts * sharding.computed(model, self.summed_loss, group, hardware.device).item()

        self.visit(model, units, hardware, on_progress, add, processes)
        return processes.total(total) / self.weight(units)

    def measure(
        self, model: PreTrainedModel, units: Sequence[U], hardware: Hardware, on_progress: OnProgress
    ) -> Figures:
        """Give two figures for each record, without dropout: what `compare` compares; rows as `record_ids` has them."""
        found: Measured = {}

        def add(group: list[U], _counts: float) -> None:
            for record_id, figures in self.figures(model, group, hardware.device).items():
                found[record_id] = found[record_id] + figures if record_id in found else figures

        self.visit(model, units, hardware, on_progress, add)
        return np.array([found[record_id] for record_id in self.record_ids(units)])

    def visit(
        self,
        model: PreTrainedModel,
        units: Sequence[U],
        hardware: Hardware,
        on_progress: OnProgress,
        see: Callable[[list[U], float], None],
        processes: Processes = ALONE,
    ) -> None:
        """Show all units to `see`, group by group, where no gradients are kept and nothing is dropped.

        Of several processes each sees its share. A group that counts 0 is there for the others' sake.
        """
        was_training = model.training
        model.train(False)
        # No gradients are kept, so twice as much fits.
        groups = partial(self.groups, tokens_at_once=2 * hardware.tokens_at_once)
        passes = processes.passes(units, groups, self.tokens)
        done, total = 0, sum(len(group) for group, counts in passes if counts)
        on_progress(0, total)
        with torch.no_grad(), hardware.autocast():
            for group, counts in passes:
                see(group, counts)
                if counts:
                    done += len(group)
                    on_progress(done, total)
        model.train(was_training)
