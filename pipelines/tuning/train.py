"""Fine-tune a causal language model, and export it for serving. Runs as a SageMaker training job.

In: the channels `train` and `validation` (curated records) and `model` (a Hugging Face checkpoint).
Out, in model.tar.gz: what was learned (`adapter/` by method lora, else `checkpoint/`), `model.gguf` (the whole
model, quantized, what the endpoint serves), and `training.json`.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
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
from transformers import PreTrainedModel

from pipelines.tuning import checkpoint, export, memory, methods, sharding
from pipelines.tuning.container import TrainingFolders, failures_explained
from pipelines.tuning.fidelity import Fidelity
from pipelines.tuning.hardware import Hardware, detect, on_cpu
from pipelines.tuning.interruption import Interruption
from pipelines.tuning.learning import Learned, learn
from pipelines.tuning.objective import Objective
from pipelines.tuning.objectives import Answers, objective_of
from pipelines.tuning.processes import ALONE, Processes, ended_at_once, joined, leave
from pipelines.tuning.progress import log_figures, log_phase, log_progress
from pipelines.tuning.settings import DPO, TrainingSettings, parse_training
from pipelines.tuning.splits import Base, read_base, read_splits


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
    base = read_base(folders)
    objective = objective_of(settings)
    splits = read_splits(settings, folders, objective, base)

    log_phase("load base model")
    # First into the machine's memory: what is spread over devices may be too large for one.
    weight_type = methods.weight_type(settings.method, hardware)
    load_model = partial(checkpoint.load_model, folders.model, on_cpu(hardware), weight_type)
    model = load_model()
    methods.prepare(model, settings)
    processes = sharding.place(model, settings, hardware, processes)
    weights = methods.trained(model)
    processes.share_weights(weights)
    longest = max(map(objective.tokens, splits.training))
    hardware, plan = memory.fit(model, weights, longest, hardware, processes)

    told = interruption or Interruption()
    learned = learn(model, weights, splits, settings, hardware, folders, told, processes)
    if learned.curve[-1].get("validation_loss") != learned.loss_after:
        # A search judges a model by the last value that it finds, and this is that of the weights that were kept.
        log_figures(validation_loss=learned.loss_after)

    whole = sharding.put_together(model, processes, load_model)
    leave()
    if whole is None:
        return {}
    # What was put together lies in the machine's own memory.
    place = on_cpu(hardware) if processes.lockstep else hardware
    fidelity = export_measured(whole, base, settings, folders.artifact, HeldOut(objective, learned, place))
    return {
        "examples": len(splits.training),
        "tokens": round(sum(point["tokens"] for point in learned.curve)),
        "trained_weights": sum(weight.numel() for weight in weights),
        "loss_before": learned.loss_before,
        "loss_after": learned.loss_after,
        "export": fidelity.figures(),
        "curve": learned.curve,
        "resumed_from": learned.resumed_from,
        "seconds": round(learned.seconds_before + time.monotonic() - started, 1),
        "records": splits.records,
        "labels": splits.labels,
        "settings": asdict(settings),
        **_trained_on(hardware, processes, plan),
    }


@dataclass(frozen=True)
class HeldOut:
    """By what an export is measured: the held-out examples, on the machine where the model lies."""

    objective: Objective[Any]
    learned: Learned
    place: Hardware

    def loss(self, model: PreTrainedModel) -> float:
        """Give the loss in nats by answer token, as the tolerance is: of preference pairs, the chosen answers' own."""
        answers = self.objective.answers(self.learned.validation)
        measured_by, measured = (Answers(), answers) if answers else (self.objective, self.learned.validation)
        return measured_by.mean_loss(model, measured, self.place, partial(log_progress, "validate"))


def export_measured(
    model: PreTrainedModel, base: Base, settings: TrainingSettings, artifact: Path, by: HeldOut
) -> Fidelity:
    """Leave what was learned and the model as it is served, and say how far that one is off; uses the model up.

    Raises:
        TuningError: it is further off than the settings let it be.
    """
    model_loss = by.loss(model) if settings.objective == DPO else by.learned.loss_after
    kind, served = settings.quantization, artifact / export.SERVED
    export.write(model, base.tokenizer, settings, base.dtype, artifact)
    again = partial(by.loss, model)
    fidelity = export.measure(model, served, kind, model_loss, again, settings.quantization_tolerance)
    export.check(fidelity)
    return fidelity


def _trained_on(hardware: Hardware, processes: Processes, plan: memory.Plan) -> dict[str, Any]:
    return {
        "hardware": {
            "device": str(hardware.device),
            "dtype": str(hardware.dtype),
            "processes": processes.count,
            "sharded": processes.lockstep,
            **asdict(plan),
        },
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }


if __name__ == "__main__":
    with ended_at_once(), failures_explained():
        told = Interruption()
        told.listen()
        settings, places = parse_training(), TrainingFolders.from_environment()
        with joined() as processes:
            report = fine_tune(settings, places, told, processes)
        if processes.first:
            text = json.dumps(report, indent=2, allow_nan=False)
            (places.artifact / "training.json").write_text(text, encoding="utf-8")
