"""What each way of training gains on its own objective: `python -m benchmarks.training.methods`.

The sample task, the base model of the demo, and examples of services that training never saw. `lora`, `full` and
`frozen` learn to write the summaries; continued pre-training learns the documentation alone, as text; DPO learns to
prefer the summary that a person wrote to the beginning of the documentation, which is what the base model likes to
copy. Each is measured as the evaluation job measures it, base and tuned model on the same held-out records.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from benchmarks.training.task import CACHE, CPU, FOLDER, INSTRUCTION
from pipelines.preparation.html_text import html_to_text
from pipelines.tuning import checkpoint, held_out, methods
from pipelines.tuning.gains import Gain
from pipelines.tuning.loop import Trainer
from pipelines.tuning.objectives import objective_of
from pipelines.tuning.settings import TrainingSettings, parse_training
from twin.sample_data import write_sample
from twin.weights.checkpoint import base_checkpoint

# By name: what is learned, by which method, at which peak rate.
RUNS = {
    "lora": ("supervised", "lora", 5e-4),
    "full": ("supervised", "full", 5e-5),
    "frozen": ("supervised", "frozen", 5e-5),
    "continued-pretraining": ("continued-pretraining", "lora", 5e-4),
    "dpo": ("dpo", "lora", 5e-5),
}
HELD_OUT_SERVICES = 5
_SPLITS = ("train", "test")
_COPIED_WORDS = 20


def write_records() -> dict[str, Path]:
    """Write curated records of the sample, texts apart from pairs, and give their folders by objective.

    One service in five is for testing, so that no near-duplicate stands on both sides. A pair serves to learn its
    chosen answer as well.
    """
    sample = CACHE / "aws-api-documentation.jsonl"
    if not sample.exists():
        write_sample(sample)
    lines = sample.read_text("utf-8").splitlines()
    random.Random(13).shuffle(lines)
    folders = {kind: FOLDER / "objectives" / kind for kind in ("text", "pair")}
    for kind, folder in folders.items():
        written: dict[str, list[str]] = {split: [] for split in _SPLITS}
        for split, record in _records(lines[:3000], kind):
            written[split].append(json.dumps(record) + "\n")
        for split in _SPLITS:
            (folder / split).mkdir(parents=True, exist_ok=True)
            (folder / split / "part-00000.jsonl").write_text("".join(written[split]), encoding="utf-8")
    return {
        "supervised": folders["pair"],
        "dpo": folders["pair"],
        "continued-pretraining": folders["text"],
    }


def _records(lines: list[str], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(lines):
        fields = json.loads(line)
        text, summary = html_to_text(fields["documentation"]), fields["summary"]
        split = "train" if hashlib.sha256(fields["service"].encode()).digest()[0] % HELD_OUT_SERVICES else "test"
        if kind == "text":
            yield split, {"record_id": f"{number:08d}", "text": text}
            continue
        copied = " ".join(text.split()[:_COPIED_WORDS])
        turns = [{"role": "user", "content": f"{INSTRUCTION}\n\n{text}"}, {"role": "assistant", "content": summary}]
        yield split, {"record_id": f"{number:08d}", "messages": turns, "rejected": copied}


def settings_of(name: str, options: argparse.Namespace) -> TrainingSettings:
    """Give the settings of one way of training; all but what tells them apart are the same."""
    objective, method, rate = RUNS[name]
    given = parse_training(["--objective", objective, "--method", method, "--lora_dropout", "0"])
    rate = options.learning_rate or rate
    return replace(
        given,
        learning_rate=rate,
        epochs=options.epochs,
        batch_size=options.batch,
        max_length=options.max_length,
        max_examples=options.records,
    )


def gain_of(name: str, folder: Path, base: Path, options: argparse.Namespace) -> tuple[Gain, dict[str, Any]]:
    """Train one way, and measure what it brought."""
    settings = settings_of(name, options)
    objective = objective_of(settings)
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    training, census = objective.load(
        folder / "train", settings.max_examples, tokenizer, settings.max_length, settings.seed
    )
    test, _ = held_out.load(objective, folder / "test", options.held_out, tokenizer, settings.max_length, settings.seed)
    torch.manual_seed(settings.seed)
    model = checkpoint.load_model(base, CPU, torch.float32)
    weights = methods.prepare(model, settings)
    before = objective.measure(model, test, CPU, _in_silence)
    training = objective.with_reference(model, training, CPU, _in_silence)
    trainer = Trainer(model, weights, training, settings, CPU, objective=objective)
    model.train()
    began, tokens = time.process_time(), 0
    while trainer.step < trainer.steps:
        taken = trainer.take_step()
        tokens += taken.tokens
        print(f"{name}: step {trainer.step} of {trainer.steps}, loss {taken.loss:.4f}", flush=True)
    cpu_s = time.process_time() - began
    gain = objective.gain(before, objective.measure(model, test, CPU, _in_silence), settings.seed, 0.95)
    return gain, {"records": census.used, "tokens": tokens, "steps": trainer.steps, "training_cpu_s": round(cpu_s, 1)}


def _in_silence(_done: int, _total: int) -> None:
    pass


def shown(name: str, gain: Gain, took: dict[str, Any]) -> str:
    """Give a line of the table in docs/pipeline.md."""
    low, high = gain.interval
    digits = 3 if gain.higher_is_better else 1
    figures = f"{gain.base:.{digits}f} → {gain.tuned:.{digits}f}"
    difference = f"{gain.difference:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
    loss = f"{gain.base_loss:.3f} → {gain.tuned_loss:.3f}"
    return (
        f"| `{name}` | {took['records']} records, {took['tokens']:,} tokens, {took['steps']} steps | "
        f"{gain.measure.replace('_', ' ')} | {figures} | {difference} | {loss} | {took['training_cpu_s']:.0f} s |"
    )


def main() -> None:
    """Measure what is asked for, print the table and keep it as JSON, way by way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--records", type=int, default=64, help="records to train on")
    parser.add_argument("--held-out", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--max-length", type=int, default=112)
    parser.add_argument("--learning-rate", type=float, help="in the place of each run's own")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    base, folders = base_checkpoint(CACHE), write_records()
    for name in options.runs:
        gain, took = gain_of(name, folders[RUNS[name][0]], base, options)
        print(shown(name, gain, took), flush=True)
        result = {"options": vars(options), "load": os.getloadavg()[0], **took, **gain.document()}
        (FOLDER / f"gain-{name}.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
