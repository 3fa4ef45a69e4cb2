"""From examples to tensors. An optimizer step sees `batch_size` examples; memory sees a few at a time.

A step's batch is cut into packs: examples one behind the other, without padding, and so few that neither their tokens
nor the places that attention lays out exceed a bound.
Their gradients add up to exactly those of the whole batch, because each counts its answer tokens and the sum is
divided once. Only attention has to know where an example ends: for it, a layout says how to lay the tokens out
in rows, one example to a row, and back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from pipelines.tuning.examples import Example

# Attention gives every example a row as wide as the longest. So many places it may lay out for a token of the bound.
PLACES_TO_A_TOKEN = 2

U = TypeVar("U")


@dataclass(frozen=True)
class Layout:
    """Where the tokens of a pack stand when every example has a row of its own, as wide as the longest.

    `token_of_place` names a token for each place of the rows, `place_of_token` the reverse; `empty_places` are
    behind the end of a shorter example, where causal attention never looks back from, and hold any token.
    A token that begins several rows, as a prompt with two answers does, has its other places in `copies`: what
    attends to it there counts, what it says there is said in its first place already.
    """

    rows: int
    width: int
    token_of_place: torch.Tensor
    place_of_token: torch.Tensor
    empty_places: torch.Tensor
    copies: torch.Tensor | None = None


@dataclass(frozen=True)
class Pack:
    """Examples one behind the other: `tokens` and `positions` are [1, all tokens], positions begin anew with each.

    After the token at `sources[i]` the model shall say `targets[i]`.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    sources: torch.Tensor
    targets: torch.Tensor
    layout: Layout


def pack(examples: Sequence[Example], device: torch.device) -> Pack:
    """Put examples one behind the other."""
    lengths = [len(example.tokens) for example in examples]
    starts = [sum(lengths[:row]) for row in range(len(lengths))]
    tokens = torch.tensor([token for example in examples for token in example.tokens])
    sources = torch.tensor(
        [
            start + position
            for start, example in zip(starts, examples, strict=True)
            for position in range(example.completion_start - 1, len(example.tokens) - 1)
        ]
    )
    return Pack(
        tokens=tokens[None].to(device),
        positions=torch.cat([torch.arange(length) for length in lengths])[None].to(device),
        sources=sources.to(device),
        targets=tokens[sources + 1].to(device),
        layout=_layout(lengths, starts, device),
    )


def _layout(lengths: Sequence[int], starts: Sequence[int], device: torch.device) -> Layout:
    width = max(lengths)
    columns = torch.arange(width)
    # A place behind the end repeats the example's last token.
    token_of_place = torch.stack(
        [start + columns.clamp(max=length - 1) for start, length in zip(starts, lengths, strict=True)]
    ).flatten()
    filled = torch.cat([columns < length for length in lengths])
    places = torch.arange(len(lengths) * width)
    return Layout(
        rows=len(lengths),
        width=width,
        token_of_place=token_of_place.to(device),
        place_of_token=places[filled].to(device),
        empty_places=places[~filled].to(device),
    )


def packs(examples: Sequence[Example], tokens_at_once: int) -> Iterator[list[Example]]:
    """Cut a batch into groups of similar lengths that fit; an example that is longer alone goes alone.

    A group has no more tokens than the bound, and in attention's rows no more places than twice the bound.
    """
    return grouped(examples, tokens_at_once, lambda example: len(example.tokens), lambda example: len(example.tokens))


def grouped(
    units: Sequence[U], tokens_at_once: int, tokens: Callable[[U], int], width: Callable[[U], int], rows: int = 1
) -> Iterator[list[U]]:
    """Cut a batch into groups as `packs` does, where a unit takes so many rows of a width."""
    group: list[U] = []
    size = 0
    for unit in sorted(units, key=width, reverse=True):
        size += tokens(unit)
        # The first is the longest: every row is as wide.
        places = rows * (len(group) + 1) * width(group[0]) if group else 0
        if size > tokens_at_once or places > PLACES_TO_A_TOKEN * tokens_at_once:
            if group:
                yield group
            group, size = [], tokens(unit)
        group.append(unit)
    if group:
        yield group


def tokens_of(example: Example) -> int:
    """Count an example's tokens."""
    return len(example.tokens)


def dealt_out(units: Sequence[U], size: int, seed: int, epoch: int) -> list[list[U]]:
    """Deal all examples, or what else there is, out in batches of `size`, in an order of the epoch's own.

    The last may be smaller.
    """
    order = list(units)
    random.Random(f"{seed}/{epoch}").shuffle(order)  # noqa: S311
    return [order[start : start + size] for start in range(0, len(order), size)]


def answer_tokens(examples: Sequence[Example]) -> int:
    """Count the tokens that count in the loss."""
    return sum(len(example.tokens) - example.completion_start for example in examples)
