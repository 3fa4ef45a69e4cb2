"""Greedy answers to many prompts at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning.examples import Example
from pipelines.tuning.hardware import Hardware


@torch.inference_mode()
def answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[Example],
    max_output_tokens: int,
    hardware: Hardware,
    on_progress: Callable[[int, int], None],
) -> list[str]:
    """Answer every example's prompt with the likeliest tokens, at most so many; `on_progress` gets done and total.

    Prompts of similar length go together, padded on the left, so that all of a batch continue at its right edge.
    """
    order = sorted(range(len(examples)), key=lambda index: len(examples[index].prompt))
    texts: dict[int, str] = {}
    for start in range(0, len(order), hardware.answers_at_once):
        indices = order[start : start + hardware.answers_at_once]
        generated = _answer(model, tokenizer, [examples[index].prompt for index in indices], max_output_tokens)
        texts.update(zip(indices, generated, strict=True))
        on_progress(len(texts), len(order))
    return [texts[index] for index in range(len(examples))]


def _answer(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[tuple[int, ...]], limit: int
) -> list[str]:
    width = max(len(prompt) for prompt in prompts)
    tokens = torch.full((len(prompts), width), tokenizer.pad_token_id)
    mask = torch.zeros_like(tokens)
    for row, prompt in enumerate(prompts):
        tokens[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    generate: Any = model.generate  # transformers gives it by a mixin that the type does not show
    generated = generate(
        tokens.to(model.device),
        attention_mask=mask.to(model.device),
        max_new_tokens=limit,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    texts: list[str] = tokenizer.batch_decode(generated[:, width:], skip_special_tokens=True)
    return [text.strip() for text in texts]
