"""What a training job reads: the base model, looked at before anything is spent on it, and the examples of both splits.

What could not be exported in the end, and targets that the metric could not compare, are refused here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from pipelines.tuning import checkpoint, examples, gguf_export, held_out
from pipelines.tuning.container import TrainingFolders
from pipelines.tuning.drawing import Census
from pipelines.tuning.labels import labels_of
from pipelines.tuning.metrics import Metric
from pipelines.tuning.objective import Objective
from pipelines.tuning.progress import log
from pipelines.tuning.settings import TrainingSettings

# Labels are those of this many records, as for the candidates.
LABEL_POOL = 20_000

Load = Callable[..., tuple[list[Any], Census]]


@dataclass(frozen=True)
class Base:
    """What of the base model goes into the export: its tokenizer, and the number format of its weights."""

    tokenizer: PreTrainedTokenizerBase
    dtype: torch.dtype


@dataclass(frozen=True)
class Splits:
    """What training learns from and is measured by, what became of every record, and the targets that are labels."""

    training: list[Any]
    validation: list[Any]
    records: dict[str, dict[str, Any]]
    labels: list[str]


def read_base(folders: TrainingFolders) -> Base:
    """Look at the base model: what could not be exported in the end is refused before anything is spent on it."""
    config = checkpoint.load_config(folders.model)
    tokenizer = checkpoint.load_tokenizer(folders.model)
    gguf_export.check_exportable(config, tokenizer)
    return Base(tokenizer, config.dtype if isinstance(config.dtype, torch.dtype) else torch.float32)


def read_splits(settings: TrainingSettings, folders: TrainingFolders, objective: Objective[Any], base: Base) -> Splits:
    """Draw the examples of both splits; targets that the metric could not compare are refused as well."""

    def load(read: Load, folder: Path, limit: int) -> tuple[list[Any], dict[str, Any]]:
        loaded, census = read(folder, limit, base.tokenizer, settings.max_length, settings.seed)
        log(f"{folder.name}: {census}")
        return loaded, asdict(census)

    read_held_out = partial(held_out.load, objective)
    training, of_training = load(objective.load, folders.train, settings.max_examples)
    validation, of_validation = load(read_held_out, folders.validation, settings.validation_examples)
    labels = []
    if objective.answers(training):
        labels = labels_of(record.reference for record in islice(examples.records_in(folders.train), LABEL_POOL))
        Metric(settings.metric, labels)
    return Splits(training, validation, {"train": of_training, "validation": of_validation}, labels)
