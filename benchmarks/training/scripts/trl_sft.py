"""Train the same by TRL's SFTTrainer, in its own environment: `python trl_sft.py TASK.json`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


def main() -> None:
    """Train, save, and print what training alone took."""
    task = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(task["threads"])
    tokenizer = AutoTokenizer.from_pretrained(task["base"], local_files_only=True)
    model: Any = AutoModelForCausalLM.from_pretrained(task["base"], local_files_only=True, dtype=torch.float32)
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
        # The base weights of both are fp32: this comparison is for processors without bf16.
        bf16=False,
        use_cpu=True,
        train_sampling_strategy="sequential",
        save_strategy="no",
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    trainer = SFTTrainer(
        model=model, args=configuration, train_dataset=Dataset.from_list(rows), processing_class=tokenizer
    )
    began = time.process_time()
    trainer.train()
    taken = time.process_time() - began
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    trainer.model.save_pretrained(str(output / ("adapter" if task["method"] == "lora" else "checkpoint")))
    print(json.dumps({"training_cpu_s": taken, "losses": losses}))


if __name__ == "__main__":
    main()
