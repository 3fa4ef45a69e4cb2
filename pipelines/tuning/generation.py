"""Greedy answers to many prompts at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase, StoppingCriteria, StoppingCriteriaList

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
    """Answer every example's prompt with the likeliest tokens, at most so many.

    `on_progress` gets the number of answers done and of all, also before the first; those under way count by the share
    that they have got.
    Prompts of similar length go together, padded on the left, so that all of a batch continue at its right edge.
    """
    order = sorted(range(len(examples)), key=lambda index: len(examples[index].prompt))
    texts: dict[int, str] = {}
    on_progress(0, len(order))
    for start in range(0, len(order), hardware.answers_at_once):
        indices = order[start : start + hardware.answers_at_once]
        prompts = [examples[index].prompt for index in indices]

        def under_way(answered: int, before: int = start) -> None:
            on_progress(before + answered, len(order))

        generated = _answer(model, tokenizer, prompts, max_output_tokens, under_way)
        texts.update(zip(indices, generated, strict=True))
        on_progress(len(texts), len(order))
    return [texts[index] for index in range(len(examples))]


class _Watch(StoppingCriteria):
    """Stops nothing: it tells with each token how much of a batch is answered."""

    def __init__(self, width: int, limit: int, end: int, on_progress: Callable[[int], None]) -> None:
        self._width, self._limit, self._end, self._on_progress = width, limit, end, on_progress
        self._told = 0

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:  # noqa: ARG002
        written = input_ids[:, self._width :]
        ended = int((written == self._end).any(dim=1).sum())
        answered = ended + (len(written) - ended) * written.shape[1] // self._limit
        if answered > self._told:
            self._told = answered
            self._on_progress(answered)
        return torch.zeros(len(written), dtype=torch.bool, device=input_ids.device)


def _answer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[tuple[int, ...]],
    limit: int,
    on_progress: Callable[[int], None],
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
        stopping_criteria=StoppingCriteriaList([_Watch(width, limit, tokenizer.eos_token_id, on_progress)]),
    )
    texts: list[str] = tokenizer.batch_decode(generated[:, width:], skip_special_tokens=True)
    return [text.strip() for text in texts]
