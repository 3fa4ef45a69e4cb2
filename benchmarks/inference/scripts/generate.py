"""transformers' `generate` in a process of its own: lines of JSON come in, a batch each, and go out when it is done."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    """Load the model named by the first argument, then answer batches to the end of the input."""
    folder, threads, number_format = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
    dtype = getattr(torch, number_format)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=dtype)
    model.eval()
    _tell({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.perf_counter()
        made, prompt = _generate(model, tokenizer, asked["prompts"], asked["tokens"])
        _tell({"made": made, "prompt": prompt, "seconds": time.perf_counter() - began})


def _generate(model: Any, tokenizer: Any, prompts: list[str], tokens: int) -> tuple[int, int]:
    """Return how many tokens were made, and how many the prompts had."""
    chats = [[{"role": "user", "content": prompt}] for prompt in prompts]
    given = tokenizer.apply_chat_template(
        chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        out = model.generate(
            **given,
            do_sample=False,
            min_new_tokens=tokens,
            max_new_tokens=tokens,
            pad_token_id=tokenizer.pad_token_id,
        )
    tokenizer.batch_decode(out[:, given["input_ids"].shape[1] :], skip_special_tokens=True)
    return len(prompts) * (out.shape[1] - given["input_ids"].shape[1]), int(given["attention_mask"].sum())


def _tell(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
