"""Tokenizers of models to tune, as their files lie in S3: a small one that is made here, and SmolLM2's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

from pipelines.preparation.storage import Bucket, StoredObject
from pipelines.preparation.tokens.files import TokenizerFiles, tokenizer_in

END = "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CONFIGURATION: dict[str, Any] = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<|im_start|>",
    "eos_token": END,
    "chat_template": TEMPLATE,
}
_WORDS = "create delete list describe update a the of bucket table queue role stream returns removes in your account"


@dataclass(frozen=True)
class Folder(Bucket):
    """A folder of this machine as a bucket; unlike one in memory it has a hash, by which what it holds is kept."""

    root: Path

    def objects(self, prefix: str) -> list[StoredObject]:
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        found = [(path.relative_to(self.root).as_posix(), path.stat().st_size) for path in files]
        return [StoredObject(key, size, "etag") for key, size in found if key.startswith(prefix)]

    def open(self, stored: StoredObject, start: int = 0) -> BufferedReader:
        return BufferedReader(BytesIO((self.root / stored.key).read_bytes()[start:]))


def files_in(folder: Path) -> TokenizerFiles:
    """The tokenizer's files in a folder `<root>/base/<model>`."""
    root = folder.parent.parent
    return tokenizer_in(Folder("models", root), f"{folder.relative_to(root).as_posix()}/")


def tiny_tokenizer() -> str:
    """A tokenizer.json of byte pairs that were learned from a few words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|im_start|>", END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([_WORDS, "user assistant " + _WORDS], trainer)
    return str(tokenizer.to_str())


def write_tiny(folder: Path, **changes: Any) -> Path:
    """Write the small tokenizer's files into a folder, with changes of its configuration; None takes a key away."""
    configuration = {key: value for key, value in (CONFIGURATION | changes).items() if value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(tiny_tokenizer(), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(configuration), encoding="utf-8")
    return folder


def write_smollm2(folder: Path) -> Path:
    """Write the files of SmolLM2's tokenizer into a folder, out of the package with its weights, without those."""
    from gguf import GGUFReader

    from twin.weights.checkpoint import _write_tokenizer
    from twin.weights.packages import smollm2_gguf

    folder.mkdir(parents=True, exist_ok=True)
    facts = {name: field.contents() for name, field in GGUFReader(smollm2_gguf()).fields.items()}
    _write_tokenizer(facts, folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}), encoding="utf-8")
    return folder
