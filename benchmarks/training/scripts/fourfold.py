"""Train by this project's loop: `python -m benchmarks.training.scripts.fourfold TASK.json`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch

from benchmarks.training.task import CPU, read_examples, settings_for
from pipelines.tuning import adapter_files, checkpoint, methods
from pipelines.tuning.loop import Trainer


def main() -> None:
    """Train, save as the artifact has it, and print what training alone took."""
    task = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(task["threads"])
    settings = settings_for(task["method"], task["batch"], task["max_length"])
    model = checkpoint.load_model(Path(task["base"]), CPU, torch.float32)
    torch.manual_seed(settings.seed)
    weights = methods.prepare(model, settings)
    trainer = Trainer(model, weights, read_examples(Path(task["training"])), settings, CPU)
    model.train()
    began = time.process_time()
    losses = [trainer.take_step().loss for _ in range(trainer.steps)]
    taken = time.process_time() - began
    output = Path(task["output"])
    if task["method"] == "lora":
        adapter_files.save(model, output / "adapter")
    else:
        model.save_pretrained(output / "checkpoint")
    print(json.dumps({"training_cpu_s": taken, "losses": losses}))


if __name__ == "__main__":
    main()
