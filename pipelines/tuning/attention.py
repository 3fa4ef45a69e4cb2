"""Attention within each example of a pack, and nowhere else; registered with transformers under `PACKED`.

All other layers look at one token at a time and see no padding at all. Here the tokens are laid out in rows, one
example to a row, and taken back: two rearrangements whose gradients are each the other.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface

from pipelines.tuning.batches import Layout

PACKED = "packed"


class _ToRows(torch.autograd.Function):
    """[tokens, …] to [places, …]. What stands in an empty place is seen by none, so no gradient comes from there."""

    @staticmethod
    def forward(ctx: Any, tokens: torch.Tensor, layout: Layout) -> torch.Tensor:
        ctx.layout = layout
        return tokens.index_select(0, layout.token_of_place)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        layout = ctx.layout
        of_tokens = gradient.index_select(0, layout.place_of_token)
        if layout.copies is not None:
            originals = layout.token_of_place.index_select(0, layout.copies)
            of_tokens.index_add_(0, originals, gradient.index_select(0, layout.copies))
        return of_tokens, None


class _ToTokens(torch.autograd.Function):
    """[places, …] back to [tokens, …]."""

    @staticmethod
    def forward(ctx: Any, places: torch.Tensor, layout: Layout) -> torch.Tensor:
        ctx.layout = layout
        return places.index_select(0, layout.place_of_token)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        layout = ctx.layout
        rows = gradient.index_select(0, layout.token_of_place).index_fill_(0, layout.empty_places, 0)
        return rows if layout.copies is None else rows.index_fill_(0, layout.copies, 0), None


def packed_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    layout: Layout,
    scaling: float,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attend by transformers' contract: [1, heads, tokens, size] in, [1, tokens, heads, size] out."""
    if attention_mask is not None:
        raise ValueError("Packed attention takes no mask: its layout says which tokens belong together.")
    if sliding_window is not None or softcap is not None:
        raise ValueError(
            f"Packed attention computes neither a sliding window ({sliding_window}) nor a softcap ({softcap}). "
            "Choose a model without."
        )
    if len(query) != 1:
        raise ValueError(f"Packed attention takes one row with all examples, and got {len(query)}: see batches.pack.")

    def in_rows(states: torch.Tensor) -> torch.Tensor:
        rows: torch.Tensor = _ToRows.apply(states[0].transpose(0, 1), layout)  # type: ignore[no-untyped-call]
        return rows.view(layout.rows, layout.width, *rows.shape[1:]).transpose(1, 2)

    groups = module.num_key_value_groups
    attended = functional.scaled_dot_product_attention(
        in_rows(query),
        in_rows(key).repeat_interleave(groups, dim=1),
        in_rows(value).repeat_interleave(groups, dim=1),
        dropout_p=dropout,
        is_causal=True,
        scale=scaling,
    )
    places = attended.transpose(1, 2).flatten(0, 1)
    tokens: torch.Tensor = _ToTokens.apply(places, layout)  # type: ignore[no-untyped-call]
    return tokens[None], None


AttentionInterface.register(PACKED, packed_attention)
