"""What every tool gets: one model in the two forms that they read, and the same prompts."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoTokenizer

from benchmarks.data_preparation.folders import BENCH, ROOT
from pipelines.preparation.html_text import html_to_text
from pipelines.tuning import checkpoint, gguf_export
from pipelines.tuning.hardware import Hardware
from twin.sample_data import write_sample
from twin.weights.checkpoint import base_checkpoint

CACHE = ROOT / ".fourfold" / "cache"
FOLDER = BENCH / "inference"
INSTRUCTION = "Summarize what this AWS API operation does in one sentence."
_CPU = Hardware(torch.device("cpu"), torch.float32, tokens_at_once=512, answers_at_once=64)
_SEED = 13


@dataclass(frozen=True)
class Task:
    """The demo's small model as a checkpoint and as the file that the endpoint serves, and prompts in an order."""

    checkpoint: Path
    gguf: Path
    prompts: list[str]

    def some(self, begin: int, size: int) -> list[str]:
        """Return so many prompts from a place on; rounds share none, or a server would know them."""
        found = self.prompts[begin : begin + size]
        if len(found) < size:
            raise ValueError(f"There are {len(self.prompts)} prompts, too few for so many rounds.")
        return found


def prepare(words: int) -> Task:
    """Make the files where they are not there yet; of each text the first `words` words are asked about."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    base = base_checkpoint(CACHE)
    gguf = FOLDER / f"{base.name}.q8_0.gguf"
    if not gguf.exists():
        model = checkpoint.load_model(base, _CPU, torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
        unfinished = gguf.with_suffix(".unfinished")
        gguf_export.write(model, tokenizer, unfinished)
        unfinished.rename(gguf)
    return Task(base, gguf, _prompts(words))


def _prompts(words: int) -> list[str]:
    sample = CACHE / "aws-api-documentation.jsonl"
    if not sample.exists():
        write_sample(sample)
    lines = sample.read_text("utf-8").splitlines()
    random.Random(_SEED).shuffle(lines)
    texts = (html_to_text(json.loads(line)["documentation"]).split() for line in lines[:2000])
    return [f"{INSTRUCTION}\n\n{' '.join(text[:words])}" for text in texts if len(text) >= words // 2]
