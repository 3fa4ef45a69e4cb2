"""Fine-tune a causal language model, and export it for serving. Runs as a SageMaker training job.

In: the channels `train` and `validation` (curated records) and `model` (a Hugging Face checkpoint).
Out, in model.tar.gz: what was learned (`adapter/` by method lora, else `checkpoint/`), `model.gguf` (the whole
model, q8_0, what the endpoint serves), and `training.json`.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

# Threads that wait for each other sleep: spinning, they take the cores from whoever else is on the machine.
# OpenMP reads this when PyTorch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from pipelines.tuning import libraries

if __name__ == "__main__":
    libraries.load()

import torch
import transformers

from pipelines.tuning import checkpoint, examples, export, gguf_export, held_out, methods
from pipelines.tuning.container import TrainingFolders, TuningError, failures_explained
from pipelines.tuning.drawing import Census
from pipelines.tuning.hardware import detect
from pipelines.tuning.labels import labels_of
from pipelines.tuning.loop import Trainer
from pipelines.tuning.metrics import Metric
from pipelines.tuning.objectives import objective_of
from pipelines.tuning.progress import log_figures, log_phase, log_progress
from pipelines.tuning.settings import TrainingSettings, parse_training
from pipelines.tuning.stopping import Stopping

# Labels are those of this many records, as for the candidates.
LABEL_POOL = 20_000

Curve = list[dict[str, float]]
Load = Callable[..., tuple[list[Any], Census]]


def fine_tune(settings: TrainingSettings, folders: TrainingFolders) -> dict[str, Any]:
    """Train, export, and give what `training.json` then holds."""
    started = time.monotonic()
    hardware = detect()
    torch.manual_seed(settings.seed)

    log_phase("read examples")
    # What could not be exported in the end is refused before anything is spent on it.
    config = checkpoint.load_config(folders.model)
    base_type = config.dtype if isinstance(config.dtype, torch.dtype) else torch.float32
    tokenizer = checkpoint.load_tokenizer(folders.model)
    gguf_export.check_exportable(config, tokenizer)

    objective = objective_of(settings)

    def load(read: Load, folder: Path, limit: int) -> tuple[list[Any], dict[str, Any]]:
        loaded, census = read(folder, limit, tokenizer, settings.max_length, settings.seed)
        print(f"{folder.name}: {census}", flush=True)
        return loaded, asdict(census)

    training, training_records = load(objective.load, folders.train, settings.max_examples)
    validation, validation_records = load(
        partial(held_out.load, objective), folders.validation, settings.validation_examples
    )
    labels = []
    if objective.answers(training):
        # And so are targets that the metric could not compare.
        labels = labels_of(record.reference for record in islice(examples.records_in(folders.train), LABEL_POOL))
        Metric(settings.metric, labels)

    log_phase("load base model")
    model = checkpoint.load_model(folders.model, hardware, methods.weight_type(settings.method, hardware))
    weights = methods.prepare(model, settings)

    # What was learned before, and may be restored from here on, is not the base model's.
    training, validation = (
        objective.with_reference(model, units, hardware, partial(log_progress, "measure_reference"))
        for units in (training, validation)
    )

    def validate() -> float:
        loss = objective.mean_loss(model, validation, hardware, partial(log_progress, "validate"))
        if not math.isfinite(loss):
            raise TuningError(
                f"The loss on the validation examples is {loss}. Before the first step, the base model's weights are "
                f"broken; after it, lower the learning rate (now {settings.learning_rate:g})."
            )
        log_figures(validation_loss=loss)
        return loss

    loss_before = validate()
    trainer = Trainer(model, weights, training, settings, hardware, objective)
    curve, loss_after = run_epochs(trainer, validate)
    # The optimizer has done its work; the export needs the room.
    del trainer

    export.write(model, tokenizer, settings.method, base_type, folders.artifact)
    return {
        "examples": len(training),
        "tokens": round(sum(point["tokens"] for point in curve)),
        "trained_weights": sum(weight.numel() for weight in weights),
        "loss_before": loss_before,
        "loss_after": loss_after,
        "curve": curve,
        "seconds": round(time.monotonic() - started, 1),
        "records": {"train": training_records, "validation": validation_records},
        "labels": labels,
        "settings": asdict(settings),
        "hardware": {"device": str(hardware.device), "dtype": str(hardware.dtype)},
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }


def run_epochs(trainer: Trainer, validate: Callable[[], float]) -> tuple[Curve, float]:
    """Step through the examples; give the curve, one point a step, and the held-out loss of what comes out.

    The last point of an epoch has the epoch's held-out loss.
    """
    stopping = Stopping(trainer.weights, trainer.settings.patience)
    curve: Curve = []
    started, tokens = time.monotonic(), 0
    log_progress("train", trainer.step, trainer.steps)
    trainer.model.train()
    while trainer.step < trainer.steps:
        taken = trainer.take_step()
        curve.append(
            {"step": trainer.step, "loss": taken.loss, "learning_rate": taken.learning_rate, "tokens": taken.tokens}
        )
        tokens += taken.tokens
        seconds = time.monotonic() - started
        figures = {"train_loss": taken.loss, "learning_rate": taken.learning_rate}
        log_figures(step=trainer.step, **figures, tokens_per_second=tokens / seconds)
        left = seconds / len(curve) * (trainer.steps - trainer.step)
        log_progress("train", trainer.step, trainer.steps, loss=taken.loss, eta_s=left)
        if trainer.step % trainer.steps_in_epoch == 0:
            curve[-1]["validation_loss"] = validate()
            if stopping.after_epoch(curve[-1]["validation_loss"]):
                break
    return curve, stopping.restore()


if __name__ == "__main__":
    with failures_explained():
        places = TrainingFolders.from_environment()
        report = fine_tune(parse_training(), places)
        (places.artifact / "training.json").write_text(json.dumps(report, indent=2, allow_nan=False), encoding="utf-8")
