"""The sample data set is there whole or not at all, whatever interrupts its writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.sample_data import write_sample


def test_an_interrupt_leaves_nothing_that_could_be_taken_for_the_sample(tmp_path: Path) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path / "sample.jsonl", progress=interrupt)

    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_the_former_sample_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sample.jsonl"
    write_sample(path, limit=5)
    before = path.read_bytes()

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(path, progress=interrupt)

    assert path.read_bytes() == before
