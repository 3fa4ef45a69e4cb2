"""A batch is dealt out to processes whole, evenly, and without asking one another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.tuning.examples import Example, Record
from pipelines.tuning.shares import passes, shares

batches = st.lists(st.integers(2, 300), min_size=1, max_size=40).map(
    lambda lengths: [Example(Record(str(n), ()), tuple(range(length)), 1) for n, length in enumerate(lengths)]
)
counts = st.integers(1, 9)


def tokens(share: list[Example]) -> int:
    return sum(len(example.tokens) for example in share)


@given(batches, counts)
def test_every_example_has_one_process(batch: list[Example], count: int) -> None:
    dealt = shares(batch, count)
    assert len(dealt) == count
    assert sorted(e.record.record_id for share in dealt for e in share) == sorted(e.record.record_id for e in batch)


@given(batches, counts)
def test_no_process_has_more_work_than_another_by_a_whole_longest_example(batch: list[Example], count: int) -> None:
    work = [tokens(share) for share in shares(batch, count)]
    assert max(work) - min(work) <= max(len(example.tokens) for example in batch)


@given(batches)
def test_one_process_has_the_batch_as_it_is(batch: list[Example]) -> None:
    assert shares(batch, 1) == [batch]


@given(batches, counts)
def test_what_counts_in_the_passes_of_all_processes_is_the_batch_once(batch: list[Example], count: int) -> None:
    for lockstep in (False, True):
        all_passes = [one for rank in range(count) for one in passes(batch, rank, count, 512, lockstep)]
        counted = [example.record.record_id for group, counts in all_passes if counts for example in group]
        assert sorted(counted) == sorted(example.record.record_id for example in batch)
        assert {counts for _, counts in all_passes} <= ({0.0, 1.0} if lockstep else {1.0})


@given(batches, counts)
def test_in_lockstep_every_process_makes_as_many_passes(batch: list[Example], count: int) -> None:
    numbers = {len(passes(batch, rank, count, 512, lockstep=True)) for rank in range(count)}
    assert len(numbers) == 1
    assert all(group for group, _ in passes(batch, count - 1, count, 512, lockstep=True))
