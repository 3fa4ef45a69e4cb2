"""From examples to tensors. An optimizer step sees `batch_size` examples; memory sees a few at a time.

A step's batch is cut into micro-batches of similar lengths, none larger than a number of tokens that includes
the padding. Their gradients add up to exactly those of the whole batch, because each counts its answer tokens
and the sum is divided once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from pipelines.tuning.examples import Example

# PyTorch's own mark for a position that does not count in the loss.
IGNORED = -100


@dataclass(frozen=True)
class Batch:
    """`tokens` and `labels` are [examples, longest]; a label is the token itself, or IGNORED.

    Padding stands on the right, where causal attention never looks back from: no mask is needed.
    """

    tokens: torch.Tensor
    labels: torch.Tensor


def collate(examples: Sequence[Example], pad_token: int, device: torch.device) -> Batch:
    """Pad examples to the longest among them."""
    shape = (len(examples), max(len(example.tokens) for example in examples))
    tokens = torch.full(shape, pad_token)
    labels = torch.full(shape, IGNORED)
    for row, example in enumerate(examples):
        length = len(example.tokens)
        tokens[row, :length] = torch.tensor(example.tokens)
        labels[row, example.completion_start : length] = tokens[row, example.completion_start : length]
    return Batch(tokens.to(device), labels.to(device))


def micro_batches(examples: Sequence[Example], tokens_at_once: int) -> Iterator[list[Example]]:
    """Cut a batch into groups of similar lengths that fit; an example that is longer alone goes alone."""
    group: list[Example] = []
    for example in sorted(examples, key=lambda e: len(e.tokens), reverse=True):
        longest = len(group[0].tokens) if group else len(example.tokens)
        if group and longest * (len(group) + 1) > tokens_at_once:
            yield group
            group = []
        group.append(example)
    if group:
        yield group


def shuffled(examples: Sequence[Example], size: int, dice: random.Random) -> Iterator[list[Example]]:
    """Deal all examples out in batches of `size`, in a new order; the last may be smaller."""
    order = list(examples)
    dice.shuffle(order)
    for start in range(0, len(order), size):
        yield order[start : start + size]


def answer_tokens(examples: Sequence[Example]) -> int:
    """Count the tokens that count in the loss."""
    return sum(len(example.tokens) - example.completion_start for example in examples)
