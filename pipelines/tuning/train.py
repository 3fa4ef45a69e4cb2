"""Fine-tune a causal language model with LoRA, and export it for serving. Runs as a SageMaker training job.

In: the channels `train` and `validation` (curated records) and `model` (a Hugging Face checkpoint).
Out, in model.tar.gz: `adapter/` (PEFT), `model.gguf` (merged, q8_0, what the endpoint serves), `training.json`.
"""

from __future__ import annotations

import json
import math
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
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
from peft import LoraConfig, PeftModel, get_peft_model
from peft.helpers import disable_input_dtype_casting
from torch.nn.utils import clip_grad_norm_
from transformers import PreTrainedModel

from pipelines.tuning import batches, checkpoint, examples, gguf_export, losses
from pipelines.tuning.container import TrainingFolders, TuningError, failures_explained
from pipelines.tuning.hardware import Hardware, detect
from pipelines.tuning.labels import labels_of
from pipelines.tuning.progress import log_figures, log_phase, log_progress
from pipelines.tuning.settings import TrainingSettings, parse_training

WARM_UP_SHARE = 0.1
MAX_GRADIENT_NORM = 1.0


def fine_tune(settings: TrainingSettings, folders: TrainingFolders) -> dict[str, Any]:
    """Train, export, and give what `training.json` then holds."""
    started = time.monotonic()
    hardware = detect()
    torch.manual_seed(settings.seed)

    log_phase("read examples")
    # What could not be exported in the end is refused before anything is spent on it.
    config = checkpoint.load_config(folders.model)
    tokenizer = checkpoint.load_tokenizer(folders.model)
    gguf_export.check_exportable(config, tokenizer)

    def load(folder: Path, limit: int) -> tuple[list[examples.Example], dict[str, Any]]:
        loaded, census = examples.load(folder, limit, tokenizer, settings.max_length, settings.seed)
        print(f"{folder.name}: {census}", flush=True)
        return loaded, asdict(census)

    training, training_records = load(folders.train, settings.max_examples)
    held_out, held_out_records = load(folders.validation, settings.validation_examples)

    log_phase("load base model")
    model = with_adapter(checkpoint.load_model(folders.model, hardware), settings)

    def validate() -> float:
        loss = losses.mean_loss(model, held_out, tokenizer.pad_token_id, hardware, partial(log_progress, "validate"))
        log_figures(validation_loss=loss)
        return loss

    with disable_input_dtype_casting(model):  # under autocast PEFT's own casts only cost memory
        loss_before = validate()
        curve = run_epochs(model, training, settings, hardware, tokenizer.pad_token_id, validate)

    log_phase("merge")
    model.save_pretrained(str(folders.artifact / "adapter"))
    merged = checkpoint.merged(model)
    gguf_export.write(merged, tokenizer, folders.artifact / "model.gguf")
    return {
        "examples": len(training),
        "tokens": settings.epochs * sum(len(example.tokens) for example in training),
        "loss_before": loss_before,
        "loss_after": curve[-1]["validation_loss"],
        "curve": curve,
        "seconds": round(time.monotonic() - started, 1),
        "records": {"train": training_records, "validation": held_out_records},
        "labels": labels_of(record.reference for record in examples.read_records(folders.train)),
        "settings": asdict(settings),
        "hardware": {"device": str(hardware.device), "dtype": str(hardware.dtype)},
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }


def with_adapter(base: PreTrainedModel, settings: TrainingSettings) -> PeftModel:
    """Freeze the model and put a small trainable matrix product beside each of its linear layers."""
    lora = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, lora)


def run_epochs(
    model: PeftModel,
    training: Sequence[examples.Example],
    settings: TrainingSettings,
    hardware: Hardware,
    pad_token: int,
    validate: Callable[[], float],
) -> list[dict[str, float]]:
    """Step through the examples; give one point of the curve a step, the last of an epoch with its validation loss."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0)
    dice = random.Random(settings.seed)  # noqa: S311
    steps = settings.epochs * math.ceil(len(training) / settings.batch_size)
    curve: list[dict[str, float]] = []
    started, tokens = time.monotonic(), 0

    log_progress("train", 0, steps)
    model.train()
    for _ in range(settings.epochs):
        for batch in batches.shuffled(training, settings.batch_size, dice):
            step = len(curve) + 1
            rate = learning_rate_at(step, steps, settings.learning_rate)
            loss = step_with(model, batch, optimizer, rate, hardware, pad_token)
            if not math.isfinite(loss):
                raise TuningError(
                    f"The loss became {loss} in step {step} of {steps}. Lower the learning rate "
                    f"(now {settings.learning_rate:g})."
                )
            curve.append({"step": step, "loss": loss, "learning_rate": rate})
            tokens += sum(len(example.tokens) for example in batch)
            seconds = time.monotonic() - started
            log_figures(step=step, train_loss=loss, learning_rate=rate, tokens_per_second=tokens / seconds)
            log_progress("train", step, steps, loss=loss, eta_s=seconds / step * (steps - step))
        curve[-1]["validation_loss"] = validate()
    return curve


def step_with(
    model: PeftModel,
    batch: Sequence[examples.Example],
    optimizer: torch.optim.Optimizer,
    rate: float,
    hardware: Hardware,
    pad_token: int,
) -> float:
    """Take one optimizer step and give the batch's mean loss by answer token, from before the step."""
    answers = batches.answer_tokens(batch)
    total = 0.0
    for group in batches.micro_batches(batch, hardware.tokens_at_once):
        with hardware.autocast():
            loss = losses.summed_loss(model, batches.collate(group, pad_token, hardware.device)) / answers
        torch.autograd.backward(loss)
        total += loss.item()
    for parameters in optimizer.param_groups:
        parameters["lr"] = rate
        clip_grad_norm_(parameters["params"], MAX_GRADIENT_NORM)
    optimizer.step()
    optimizer.zero_grad()
    return total


def learning_rate_at(step: int, steps: int, peak: float) -> float:
    """Rise in a line over the first tenth of the steps, then fall along a cosine; `step` counts from 1."""
    warm_up = max(1, round(steps * WARM_UP_SHARE))
    if step <= warm_up:
        return peak * step / warm_up
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up + 1)))


if __name__ == "__main__":
    with failures_explained():
        places = TrainingFolders.from_environment()
        report = fine_tune(parse_training(), places)
        (places.artifact / "training.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
