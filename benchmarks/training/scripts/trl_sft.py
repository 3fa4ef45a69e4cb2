"""Train the same by TRL's SFTTrainer, in its own environment: `python -m benchmarks.training.scripts.trl_sft TASK`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer

from benchmarks.training.scripts.meter import Meter


class _Told(TrainerCallback):
    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self._meter.begin()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self._meter.step_ended()


def main() -> None:
    """Train, save, and print what training alone took."""
    task = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(task["threads"])
    on_cpu = task["device"] == "cpu"
    tokenizer = AutoTokenizer.from_pretrained(task["base"], local_files_only=True)
    # Frozen weights may be bf16 where that is fast; weights that learn are fp32, and computed with in bf16.
    dtype = torch.bfloat16 if task["bf16"] and task["method"] == "lora" else torch.float32
    model: Any = AutoModelForCausalLM.from_pretrained(task["base"], local_files_only=True, dtype=dtype)
    if task["method"] == "lora":
        model = PeftModel.from_pretrained(model, task["start"], is_trainable=True)
    examples = json.loads(Path(task["order"]).read_text())
    rows = [{"input_ids": ids, "labels": [-100] * start + ids[start:]} for start, ids in examples]
    output = Path(task["output"])
    configuration = SFTConfig(
        output_dir=str(output / "work"),
        per_device_train_batch_size=task["batch"],
        num_train_epochs=1,
        learning_rate=task["learning_rate"],
        lr_scheduler_type="constant",
        weight_decay=0.0,
        max_grad_norm=1.0,
        max_length=task["max_length"],
        gradient_checkpointing=task["checkpointing"],
        bf16=task["bf16"],
        use_cpu=on_cpu,
        train_sampling_strategy="sequential",
        save_strategy="no",
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=not on_cpu,
    )
    meter = Meter(task["device"], task["skip"])
    trainer = SFTTrainer(
        model=model,
        args=configuration,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[_Told(meter)],
    )
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    trainer.model.save_pretrained(str(output / ("adapter" if task["method"] == "lora" else "checkpoint")))
    print(json.dumps({**meter.figures(), "losses": losses}))


if __name__ == "__main__":
    main()
