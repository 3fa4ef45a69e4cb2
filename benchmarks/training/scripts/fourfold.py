"""Train by this project's loop: `python -m benchmarks.training.scripts.fourfold TASK.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks.training.scripts.meter import Meter
from benchmarks.training.task import hardware_of, read_examples, settings_for
from pipelines.tuning import adapter_files, checkpoint, methods
from pipelines.tuning.hardware import on_cpu
from pipelines.tuning.loop import Trainer


def main() -> None:
    """Train, save as the artifact has it, and print what training alone took."""
    task = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(task["threads"])
    settings = settings_for(task["method"], task["batch"], task["max_length"])
    hardware = hardware_of(task["device"])
    weight_type = methods.weight_type(task["method"], hardware)
    model = checkpoint.load_model(Path(task["base"]), on_cpu(hardware), weight_type)
    # Drawn by the processor, as the adapter that the other trainer begins with: an accelerator draws other numbers.
    torch.manual_seed(settings.seed)
    weights = methods.prepare(model, settings)
    torch.nn.Module.to(model, hardware.device)
    if task["checkpointing"]:
        causal: Any = model
        causal.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    trainer = Trainer(model, weights, read_examples(Path(task["training"])), settings, hardware)
    model.train()
    meter, losses = Meter(task["device"], task["skip"]), []
    meter.begin()
    for _ in range(trainer.steps):
        losses.append(trainer.take_step().loss)
        meter.step_ended()
    output, figures = Path(task["output"]), meter.figures()
    # As the job does before it exports.
    del trainer, weights
    model.zero_grad(set_to_none=True)
    if task["method"] == "lora":
        adapter_files.save(model, output / "adapter")
    else:
        model.save_pretrained(output / "checkpoint")
    print(json.dumps({**figures, "losses": losses}))


if __name__ == "__main__":
    main()
