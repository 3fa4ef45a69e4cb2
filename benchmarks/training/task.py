"""What both trainers get: base model, token sequences in one order, and the adapter to begin with."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import AutoTokenizer

from benchmarks.data_preparation.folders import BENCH, ROOT
from pipelines.preparation.html_text import html_to_text
from pipelines.tuning import adapter_files, batches, checkpoint, examples, lora
from pipelines.tuning.hardware import Hardware, detect
from pipelines.tuning.settings import TrainingSettings, parse_training
from twin.sample_data import write_sample
from twin.weights.checkpoint import base_checkpoint

CACHE = ROOT / ".fourfold" / "cache"
FOLDER = BENCH / "training"
INSTRUCTION = "Summarize what this AWS API operation does in one sentence."
HELD_OUT = 32
CPU = Hardware(torch.device("cpu"), torch.float32, tokens_at_once=512, answers_at_once=64)
# By method, as one would choose them.
LEARNING_RATES = {"lora": 5e-4, "full": 5e-5}


@dataclass(frozen=True)
class Task:
    """Files of one comparison; `order` has the training examples as batches of the first epoch see them."""

    base: Path
    training: Path
    order: Path
    start: Path
    tokens_of_steps: list[int]
    padded: int
    held_out: list[examples.Example]

    @property
    def tokens(self) -> int:
        """Tokens of all steps."""
        return sum(self.tokens_of_steps)


def hardware_of(device: str) -> Hardware:
    """Give what to compute on: an accelerator as the training job finds it, or a processor in fp32."""
    return CPU if device == "cpu" else detect()


def settings_for(method: str, batch: int, max_length: int) -> TrainingSettings:
    """Give settings that both trainers read alike: a constant rate, no dropout."""
    given = parse_training(["--method", method, "--schedule", "constant", "--warm_up", "0", "--lora_dropout", "0"])
    return replace(given, batch_size=batch, max_length=max_length, learning_rate=LEARNING_RATES[method])


def prepare(steps: int, batch: int, max_length: int, base: Path | None = None) -> Task:
    """Make the files, and the demo's base model where no other is given and this machine does not have it yet."""
    base = base or base_checkpoint(CACHE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    records = FOLDER / "records"
    _write_records(records / "part.jsonl")
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    drawn, _ = examples.load(records, steps * batch + HELD_OUT, tokenizer, max_length, seed=13)
    training, held_out = drawn[HELD_OUT:], drawn[:HELD_OUT]
    settings = settings_for("lora", batch, max_length)
    dealt = batches.dealt_out(training, batch, settings.seed, 0)
    padded = sum(len(each) * max(len(example.tokens) for example in each) for each in dealt)
    model = checkpoint.load_model(base, CPU, torch.float32)
    torch.manual_seed(settings.seed)
    lora.attach(model, settings.lora_rank, settings.lora_alpha, 0.0)
    adapter_files.save(model, FOLDER / "start")
    return Task(
        base=base,
        training=_write_examples(FOLDER / "training.json", training),
        order=_write_examples(FOLDER / "order.json", [example for each in dealt for example in each]),
        start=FOLDER / "start",
        tokens_of_steps=[sum(len(example.tokens) for example in each) for each in dealt],
        padded=padded,
        held_out=held_out,
    )


def _write_records(path: Path) -> None:
    sample = CACHE / "aws-api-documentation.jsonl"
    if not sample.exists():
        write_sample(sample)
    path.parent.mkdir(exist_ok=True)
    lines = sample.read_text("utf-8").splitlines()
    random.Random(13).shuffle(lines)
    with path.open("w", encoding="utf-8") as file:
        for number, line in enumerate(lines[:4000]):
            fields = json.loads(line)
            question = f"{INSTRUCTION}\n\n{html_to_text(fields['documentation'])}"
            turns = [{"role": "user", "content": question}, {"role": "assistant", "content": fields["summary"]}]
            file.write(json.dumps({"record_id": f"{number:08d}", "messages": turns}) + "\n")


def _write_examples(path: Path, some: list[examples.Example]) -> Path:
    path.write_text(json.dumps([[example.completion_start, list(example.tokens)] for example in some]))
    return path


def read_examples(path: Path) -> list[examples.Example]:
    """Read what `prepare` wrote."""
    nobody = examples.Record("", ())
    return [examples.Example(nobody, tuple(tokens), start) for start, tokens in json.loads(path.read_text())]
