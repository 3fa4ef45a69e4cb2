"""The three objectives: likely answers, likely texts, and chosen answers that are likelier than rejected ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import batches, examples, gains, lora, losses, pairs, preferences, sharding, texts
from pipelines.tuning.drawing import Census
from pipelines.tuning.examples import Example
from pipelines.tuning.gains import Gain
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.objective import Figures, Measured, Objective, OnProgress
from pipelines.tuning.pairs import Pair
from pipelines.tuning.processes import ALONE, Processes
from pipelines.tuning.settings import CONTINUED_PRETRAINING, DPO, SUPERVISED, EvaluationSettings, TrainingSettings
from pipelines.tuning.texts import Row


class Answers(Objective[Example]):
    """Learns to give the answers; what it is asked has no loss."""

    name = SUPERVISED

    def load(
        self, folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
    ) -> tuple[list[Example], Census]:
        return examples.load(folder, limit, tokenizer, max_length, seed)

    def tokens(self, unit: Example) -> int:
        return len(unit.tokens)

    def weight(self, units: Sequence[Example]) -> int:
        return batches.answer_tokens(units)

    def groups(self, units: Sequence[Example], tokens_at_once: int) -> Iterator[list[Example]]:
        return batches.packs(units, tokens_at_once)

    def summed_loss(self, model: PreTrainedModel, group: Sequence[Example], device: torch.device) -> torch.Tensor:
        return losses.summed_loss(model, batches.pack(group, device))

    def figures(self, model: PreTrainedModel, group: Sequence[Example], device: torch.device) -> Measured:
        return losses.nats_and_tokens(model, group, device)

    def compare(self, base: Figures, tuned: Figures, seed: int, level: float) -> Gain:
        return gains.of_perplexity(self.name, base, tuned, seed, level)

    def losses(self, base: Figures, tuned: Figures) -> list[float]:  # noqa: ARG002
        return [float(nats) for nats in tuned[:, 0]]

    def record_ids(self, units: Sequence[Example]) -> list[str]:
        return [example.record.record_id for example in units]

    def mean_loss(
        self,
        model: PreTrainedModel,
        units: Sequence[Example],
        hardware: Hardware,
        on_progress: OnProgress,
        processes: Processes = ALONE,
    ) -> float:
        return losses.mean_loss(model, units, hardware, on_progress, processes)

    def answers(self, units: Sequence[Example]) -> list[Example]:
        return list(units)


class Texts(Objective[Row]):
    """Learns every token of texts."""

    name = CONTINUED_PRETRAINING

    def load(
        self, folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
    ) -> tuple[list[Row], Census]:
        return texts.load(folder, limit, tokenizer, max_length, seed)

    def tokens(self, unit: Row) -> int:
        return unit.tokens

    def weight(self, units: Sequence[Row]) -> int:
        return batches.answer_tokens(_windows(units))

    def groups(self, units: Sequence[Row], tokens_at_once: int) -> Iterator[list[Row]]:
        # A row is for counting; what stands in it is put together anew, by length.
        for group in batches.packs(_windows(units), tokens_at_once):
            yield [Row((window,)) for window in group]

    def summed_loss(self, model: PreTrainedModel, group: Sequence[Row], device: torch.device) -> torch.Tensor:
        return losses.summed_loss(model, batches.pack(_windows(group), device))

    def figures(self, model: PreTrainedModel, group: Sequence[Row], device: torch.device) -> Measured:
        return losses.nats_and_tokens(model, _windows(group), device)

    def compare(self, base: Figures, tuned: Figures, seed: int, level: float) -> Gain:
        return gains.of_perplexity(self.name, base, tuned, seed, level)

    def losses(self, base: Figures, tuned: Figures) -> list[float]:  # noqa: ARG002
        return [float(nats) for nats in tuned[:, 0]]

    def record_ids(self, units: Sequence[Row]) -> list[str]:
        return sorted({window.record.record_id for window in _windows(units)})


def _windows(rows: Sequence[Row]) -> list[Example]:
    return [window for row in rows for window in row.windows]


@dataclass(frozen=True)
class Preferences(Objective[Pair]):
    """Learns to prefer chosen answers, by DPO: see `preferences`."""

    beta: float
    label_smoothing: float
    name = DPO

    def load(
        self, folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
    ) -> tuple[list[Pair], Census]:
        return pairs.load(folder, limit, tokenizer, max_length, seed)

    def tokens(self, unit: Pair) -> int:
        return unit.tokens

    def weight(self, units: Sequence[Pair]) -> int:
        return len(units)

    def groups(self, units: Sequence[Pair], tokens_at_once: int) -> Iterator[list[Pair]]:
        return pairs.groups(units, tokens_at_once)

    def summed_loss(self, model: PreTrainedModel, group: Sequence[Pair], device: torch.device) -> torch.Tensor:
        reference = torch.tensor([pair.known_reference for pair in group], device=device)
        policy = preferences.log_likelihoods(model, group, device)
        return preferences.losses(policy, reference, self.beta, self.label_smoothing).sum()

    def figures(self, model: PreTrainedModel, group: Sequence[Pair], device: torch.device) -> Measured:
        found = preferences.log_likelihoods(model, group, device).double().cpu().numpy()
        return {pair.chosen.record.record_id: row for pair, row in zip(group, found, strict=True)}

    def compare(self, base: Figures, tuned: Figures, seed: int, level: float) -> Gain:
        return gains.of_preferences(self.name, base, tuned, self.beta, self.label_smoothing, seed, level)

    def losses(self, base: Figures, tuned: Figures) -> list[float]:
        found: list[float] = gains.dpo_losses(base, tuned, self.beta, self.label_smoothing).tolist()
        return found

    def record_ids(self, units: Sequence[Pair]) -> list[str]:
        return [pair.chosen.record.record_id for pair in units]

    def answers(self, units: Sequence[Pair]) -> list[Example]:
        return [pair.chosen for pair in units]

    def with_reference(
        self, model: PreTrainedModel, units: Sequence[Pair], hardware: Hardware, on_progress: OnProgress
    ) -> list[Pair]:
        found: dict[int, tuple[float, float]] = {}

        def note(group: list[Pair], _counts: float) -> None:
            rows = sharding.computed(model, preferences.log_likelihoods, group, hardware.device)
            for pair, row in zip(group, rows, strict=True):
                found[id(pair)] = (row[0].item(), row[1].item())

        with lora.switched_off(model):
            # Each of several processes asks about all units: any may come its way.
            self.visit(model, units, hardware, on_progress, note)
        return [replace(pair, reference=found[id(pair)]) for pair in units]


def objective_of(settings: TrainingSettings | EvaluationSettings) -> Objective[Any]:
    """Give the objective that the settings name."""
    if settings.objective == DPO:
        return Preferences(settings.beta, settings.label_smoothing)
    return Texts() if settings.objective == CONTINUED_PRETRAINING else Answers()
