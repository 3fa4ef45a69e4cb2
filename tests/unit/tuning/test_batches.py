"""Batches: every example once, padding that counts for nothing, and a bound on what is in memory."""

from __future__ import annotations

import random

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
def test_micro_batches_hold_every_example_once_within_the_bound(sizes: list[int], bound: int) -> None:
    groups = list(batches.micro_batches([example(size) for size in sizes], bound))
    assert sorted(len(each.tokens) for group in groups for each in group) == sorted(sizes)
    for group in groups:
        padded = len(group) * max(len(each.tokens) for each in group)
        assert padded <= bound or len(group) == 1


@given(lengths, st.integers(1, 8), st.integers(0, 99))
def test_an_epoch_deals_out_every_example_once(sizes: list[int], size: int, seed: int) -> None:
    examples = [example(each) for each in sizes]
    dealt = list(batches.shuffled(examples, size, random.Random(seed)))
    assert sorted(len(e.tokens) for batch in dealt for e in batch) == sorted(sizes)
    assert all(len(batch) == size for batch in dealt[:-1])


def test_epochs_differ_in_order() -> None:
    examples = [example(length) for length in range(2, 40)]
    dice = random.Random(1)
    first, second = (list(batches.shuffled(examples, 4, dice)) for _ in range(2))
    assert first != second


def test_only_answers_have_labels() -> None:
    batch = batches.collate([example(5, start=3), example(3, start=1)], pad_token=0, device=torch.device("cpu"))
    ignored = batches.IGNORED
    assert batch.tokens.tolist() == [[3, 4, 5, 6, 7], [3, 4, 5, 0, 0]]
    assert batch.labels.tolist() == [[ignored, ignored, ignored, 6, 7], [ignored, 4, 5, ignored, ignored]]
    assert batches.answer_tokens([example(5, start=3), example(3, start=1)]) == 4
