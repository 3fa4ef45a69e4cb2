"""Batches: every example once, padding that counts for nothing, and a bound on what is in memory."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tuning import batches
from pipelines.tuning.examples import Example, Record

RECORD = Record("0", ({"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}))
lengths = st.lists(st.integers(2, 40), min_size=1, max_size=30)


def example(length: int, start: int = 1) -> Example:
    return Example(RECORD, tuple(range(3, 3 + length)), start)


@given(lengths, st.integers(1, 200))
def test_packs_hold_every_example_once_within_the_bound(sizes: list[int], bound: int) -> None:
    groups = list(batches.packs([example(size) for size in sizes], bound))
    assert sorted(len(each.tokens) for group in groups for each in group) == sorted(sizes)
    for group in groups:
        assert sum(len(each.tokens) for each in group) <= bound or len(group) == 1
        places = len(group) * max(len(each.tokens) for each in group)
        assert places <= 2 * bound or len(group) == 1


@given(lengths, st.integers(1, 8), st.integers(0, 99))
def test_an_epoch_deals_out_every_example_once(sizes: list[int], size: int, seed: int) -> None:
    examples = [example(each) for each in sizes]
    dealt = batches.dealt_out(examples, size, seed, epoch=0)
    assert sorted(len(e.tokens) for batch in dealt for e in batch) == sorted(sizes)
    assert all(len(batch) == size for batch in dealt[:-1])


def test_epochs_differ_in_order_and_each_comes_out_the_same_again() -> None:
    examples = [example(length) for length in range(2, 40)]
    first, second, again = (batches.dealt_out(examples, 4, 1, epoch) for epoch in (0, 1, 0))
    assert first != second
    assert first == again


def test_only_answers_are_targets() -> None:
    pack = batches.pack([example(5, start=3), example(3, start=1)], torch.device("cpu"))
    assert pack.tokens.tolist() == [[3, 4, 5, 6, 7, 3, 4, 5]]
    assert pack.positions.tolist() == [[0, 1, 2, 3, 4, 0, 1, 2]]
    assert pack.sources.tolist() == [2, 3, 5, 6]
    assert pack.targets.tolist() == [6, 7, 4, 5]
    assert batches.answer_tokens([example(5, start=3), example(3, start=1)]) == 4


@given(lengths)
def test_the_layout_leads_to_a_row_and_back(sizes: list[int]) -> None:
    pack = batches.pack([example(size) for size in sizes], torch.device("cpu"))
    layout, tokens = pack.layout, pack.tokens[0]
    rows = tokens[layout.token_of_place].view(layout.rows, layout.width)
    for row, size in zip(rows.tolist(), sizes, strict=True):
        assert row[:size] == list(range(3, 3 + size))
    assert torch.equal(rows.flatten()[layout.place_of_token], tokens)
    both = torch.cat([layout.place_of_token, layout.empty_places])
    assert sorted(both.tolist()) == list(range(layout.rows * layout.width))


def test_one_long_example_does_not_widen_the_rows_of_many_short_ones() -> None:
    sizes = [4096] + [200] * 60
    groups = list(batches.packs([example(size) for size in sizes], 16_384))
    layouts = [batches.pack(group, torch.device("cpu")).layout for group in groups]
    assert max(layout.rows * layout.width for layout in layouts) <= 2 * 16_384
    assert len(groups) == 2
