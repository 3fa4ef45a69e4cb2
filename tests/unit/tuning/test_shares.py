"""A batch is dealt out to processes whole, evenly, and without asking one another."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipelines.tuning import shares as module

# An example is its number and how many tokens it has.
Example = tuple[int, int]

batches = st.lists(st.integers(2, 300), min_size=1, max_size=40).map(lambda lengths: list(enumerate(lengths)))
counts = st.integers(1, 9)


def tokens(example: Example) -> int:
    return example[1]


def in_threes(examples: Sequence[Example]) -> list[list[Example]]:
    return [list(examples[start : start + 3]) for start in range(0, len(examples), 3)]


def shares(batch: list[Example], count: int) -> list[list[Example]]:
    return module.shares(batch, count, tokens)


def passes(batch: list[Example], rank: int, count: int, lockstep: bool) -> list[tuple[list[Example], float]]:
    return module.passes(batch, rank, count, in_threes, tokens, lockstep)


@given(batches, counts)
def test_every_example_has_one_process(batch: list[Example], count: int) -> None:
    dealt = shares(batch, count)
    assert len(dealt) == count
    assert sorted(example for share in dealt for example in share) == batch


@given(batches, counts)
def test_no_process_has_more_work_than_another_by_a_whole_longest_example(batch: list[Example], count: int) -> None:
    work = [sum(map(tokens, share)) for share in shares(batch, count)]
    assert max(work) - min(work) <= max(map(tokens, batch))


@given(batches)
def test_one_process_has_the_batch_as_it_is(batch: list[Example]) -> None:
    assert shares(batch, 1) == [batch]


@given(batches, counts)
def test_what_counts_in_the_passes_of_all_processes_is_the_batch_once(batch: list[Example], count: int) -> None:
    for lockstep in (False, True):
        all_passes = [one for rank in range(count) for one in passes(batch, rank, count, lockstep)]
        assert sorted(example for group, counts in all_passes if counts for example in group) == batch
        assert {counts for _, counts in all_passes} <= ({0.0, 1.0} if lockstep else {1.0})


@given(batches, counts)
def test_in_lockstep_every_process_makes_as_many_passes(batch: list[Example], count: int) -> None:
    numbers = {len(passes(batch, rank, count, lockstep=True)) for rank in range(count)}
    assert len(numbers) == 1
    assert all(group for group, _ in passes(batch, count - 1, count, lockstep=True))
