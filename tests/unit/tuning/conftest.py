"""A model small enough to train in a second, with a real tokenizer and chat template."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

END = "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
WORDS = "create delete list describe update a the of bucket table queue role stream returns removes in your account"

WriteRecords = Callable[[Path, int], list[dict[str, Any]]]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([WORDS, "user assistant " + WORDS], trainer)
    make: Any = PreTrainedTokenizerFast
    fast: PreTrainedTokenizerFast = make(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token=END,
        pad_token=END,  # as in SmolLM2: what is padding cannot be seen from the token
        unk_token="<|endoftext|>",
    )
    fast.chat_template = TEMPLATE
    return fast


def tiny_model(vocabulary: int, **changes: Any) -> LlamaForCausalLM:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
        # Far apart, so that a greedy choice does not hang on rounding.
        "initializer_range": 0.2,
    }
    return LlamaForCausalLM(LlamaConfig(**sizes | changes))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Keep to one thread: for so small a model a second one only waits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return tiny_tokenizer()


@pytest.fixture(scope="session")
def checkpoint_folder(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> Path:
    """Give a base model's directory, as it lies in S3."""
    folder = tmp_path_factory.mktemp("base")
    # Two ids more than the tokenizer has: real embeddings are padded too.
    tiny_model(len(tokenizer) + 2).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def record(number: int) -> dict[str, Any]:
    verbs, things = ["create", "delete", "list", "describe", "update"], ["bucket", "table", "queue", "role", "stream"]
    verb, thing = verbs[number % 5], things[number // 5 % 5]
    text = f"In your account {number} the {thing} of the role returns a {verb} {thing}."
    return {
        "record_id": f"{number:016x}",
        "messages": [
            {"role": "user", "content": text},
            {"role": "assistant", "content": f"{verb} a {thing}"},
        ],
        "source": {"key": "raw.jsonl", "line": number},
    }


def write_lines(folder: Path, lines: Sequence[str], name: str = "part-00000.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8", errors="surrogateescape")
    return folder


@pytest.fixture
def write_records() -> WriteRecords:
    def write(folder: Path, count: int) -> list[dict[str, Any]]:
        records = [record(number) for number in range(count)]
        write_lines(folder, [json.dumps(each) for each in records])
        return records

    return write
