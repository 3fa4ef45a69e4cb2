"""Attention over a pack is attention over each of its examples alone, for every gradient that may come back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from pipelines.tuning import batches
from pipelines.tuning.attention import packed_attention
from pipelines.tuning.examples import Example, Record

NOBODY = Record("0", ())
HEADS, GROUPS, SIZE = 4, 2, 8


def layout_of(lengths: list[int]) -> batches.Layout:
    return batches.pack([Example(NOBODY, tuple(range(n)), 1) for n in lengths], torch.device("cpu")).layout


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(2, 12), min_size=1, max_size=5))
def test_each_example_attends_to_itself_alone(lengths: list[int]) -> None:
    torch.manual_seed(len(lengths))
    tokens = sum(lengths)
    shapes = [(1, heads, tokens, SIZE) for heads in (HEADS, HEADS // GROUPS, HEADS // GROUPS)]
    states = [torch.randn(shape, dtype=torch.double, requires_grad=True) for shape in shapes]
    module = SimpleNamespace(num_key_value_groups=GROUPS)
    query, key, value = states
    packed, _ = packed_attention(module, query, key, value, None, layout=layout_of(lengths), scaling=0.3)

    pieces = zip(*(torch.split(state, lengths, dim=2) for state in states), strict=True)
    alone = [
        functional.scaled_dot_product_attention(
            q, k.repeat_interleave(GROUPS, 1), v.repeat_interleave(GROUPS, 1), is_causal=True, scale=0.3
        )
        for q, k, v in pieces
    ]
    expected = torch.cat(alone, dim=2).transpose(1, 2)
    torch.testing.assert_close(packed, expected)
    back = torch.randn_like(expected)
    for ours, theirs in zip(*(torch.autograd.grad(out, states, back) for out in (packed, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_mask_is_refused() -> None:
    states = torch.zeros(1, HEADS, 4, SIZE)
    with pytest.raises(ValueError, match="takes no mask"):
        packed_attention(
            SimpleNamespace(num_key_value_groups=1),
            states,
            states,
            states,
            torch.zeros(1, 1, 4, 4),
            layout=layout_of([4]),
            scaling=1.0,
        )


@pytest.mark.parametrize("option", [{"sliding_window": 2}, {"softcap": 30.0}])
def test_what_is_not_computed_is_refused_by_name(option: dict[str, float]) -> None:
    states = torch.zeros(1, HEADS, 4, SIZE)
    module = SimpleNamespace(num_key_value_groups=1)
    [name] = option
    with pytest.raises(ValueError, match=rf"{name.replace('_', ' ')} \({option[name]}\)"):
        packed_attention(module, states, states, states, None, layout=layout_of([4]), scaling=1.0, **option)  # type: ignore[arg-type]


def test_a_second_row_is_refused_and_not_left_out() -> None:
    states = torch.zeros(2, HEADS, 4, SIZE)
    module = SimpleNamespace(num_key_value_groups=1)
    with pytest.raises(ValueError, match="takes one row with all examples, and got 2"):
        packed_attention(module, states, states, states, None, layout=layout_of([4]), scaling=1.0)
