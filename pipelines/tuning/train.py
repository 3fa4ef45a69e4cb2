"""Fine-tune a causal language model, and export it for serving. Runs as a SageMaker training job.

In: the channels `train` and `validation` (curated records) and `model` (a Hugging Face checkpoint).
Out, in model.tar.gz: what was learned (`adapter/` by method lora, else `checkpoint/`), `model.gguf` (the whole
model, quantized, what the endpoint serves), and `training.json`.
"""

from __future__ import annotations

import json
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

from pipelines.tuning import checkpoint, examples, export, gguf_export, held_out, methods, sharding
from pipelines.tuning.container import TrainingFolders, failures_explained
from pipelines.tuning.drawing import Census
from pipelines.tuning.hardware import detect, on_cpu
from pipelines.tuning.interruption import Interruption
from pipelines.tuning.labels import labels_of
from pipelines.tuning.learning import learn
from pipelines.tuning.metrics import Metric
from pipelines.tuning.objectives import Answers, objective_of
from pipelines.tuning.processes import ALONE, Processes, joined, leave
from pipelines.tuning.progress import log, log_figures, log_phase, log_progress
from pipelines.tuning.settings import DPO, TrainingSettings, parse_training

# Labels are those of this many records, as for the candidates.
LABEL_POOL = 20_000

Load = Callable[..., tuple[list[Any], Census]]


def fine_tune(
    settings: TrainingSettings,
    folders: TrainingFolders,
    interruption: Interruption | None = None,
    processes: Processes = ALONE,
) -> dict[str, Any]:
    """Train, export, and give what `training.json` then holds. Goes on from a checkpoint if there is one.

    Of several processes the first alone exports; the others give nothing.
    """
    started = time.monotonic()
    hardware = detect(processes.local_rank)
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
        log(f"{folder.name}: {census}")
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
    # First into the machine's memory: what is spread over devices may be too large for one.
    load_model = partial(
        checkpoint.load_model, folders.model, on_cpu(hardware), methods.weight_type(settings.method, hardware)
    )
    model = load_model()
    methods.prepare(model, settings)
    processes = sharding.place(model, settings, hardware, processes)
    weights = methods.trained(model)
    processes.share_weights(weights)

    learned = learn(
        model, weights, training, validation, settings, hardware, folders, interruption or Interruption(), processes
    )
    if learned.curve[-1].get("validation_loss") != learned.loss_after:
        # A search judges a model by the last value that it finds, and this is that of the weights that were kept.
        log_figures(validation_loss=learned.loss_after)

    whole = sharding.put_together(model, processes, load_model)
    leave()
    if whole is None:
        return {}
    # What was put together lies in the machine's own memory.
    place = on_cpu(hardware) if processes.lockstep else hardware

    # In nats by answer token, as the tolerance is: of preference pairs, the chosen answers' own.
    answers = objective.answers(learned.validation)
    measured_by, measured = (Answers(), answers) if answers else (objective, learned.validation)

    def held_out_loss() -> float:
        return measured_by.mean_loss(whole, measured, place, partial(log_progress, "validate"))

    model_loss = held_out_loss() if settings.objective == DPO else learned.loss_after
    kind, served = settings.quantization, folders.artifact / export.SERVED
    export.write(whole, tokenizer, settings.method, base_type, folders.artifact, kind)
    fidelity = export.measure(whole, served, kind, model_loss, held_out_loss, settings.quantization_tolerance)
    export.check(fidelity)
    return {
        "examples": len(training),
        "tokens": round(sum(point["tokens"] for point in learned.curve)),
        "trained_weights": sum(weight.numel() for weight in weights),
        "loss_before": learned.loss_before,
        "loss_after": learned.loss_after,
        "export": fidelity.figures(),
        "curve": learned.curve,
        "resumed_from": learned.resumed_from,
        "seconds": round(learned.seconds_before + time.monotonic() - started, 1),
        "records": {"train": training_records, "validation": validation_records},
        "labels": labels,
        "settings": asdict(settings),
        "hardware": {
            "device": str(hardware.device),
            "dtype": str(hardware.dtype),
            "processes": processes.count,
            "sharded": processes.lockstep,
        },
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }


if __name__ == "__main__":
    with failures_explained():
        told = Interruption()
        told.listen()
        settings, places = parse_training(), TrainingFolders.from_environment()
        with joined() as processes:
            report = fine_tune(settings, places, told, processes)
        if processes.first:
            text = json.dumps(report, indent=2, allow_nan=False)
            (places.artifact / "training.json").write_text(text, encoding="utf-8")
