"""A base model of a given size with random weights: what a step takes does not depend on what they say.

    python -m benchmarks.training.random_base .fourfold/bench/llama-1b --tokenizer FOLDER

The sizes are those of Llama 3.2 1B, except for the vocabulary, which is the tokenizer's.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM


def main() -> None:
    """Write the checkpoint, whole or not at all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True, help="a checkpoint's folder")
    parser.add_argument("--layers", type=int, default=16)
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder} is there already: remove it, or name another folder")
    tokenizer: Any = AutoTokenizer.from_pretrained(options.tokenizer, local_files_only=True)
    torch.manual_seed(13)
    model: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=2048,
            intermediate_size=8192,
            num_hidden_layers=options.layers,
            num_attention_heads=32,
            num_key_value_heads=8,
            head_dim=64,
            tie_word_embeddings=True,
            rms_norm_eps=1e-5,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    partial = options.folder.with_name(options.folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.to(torch.bfloat16).save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    partial.rename(options.folder)
    print(f"{options.folder}: {sum(weight.numel() for weight in model.parameters()) / 1e9:.2f} billion weights")


if __name__ == "__main__":
    main()
