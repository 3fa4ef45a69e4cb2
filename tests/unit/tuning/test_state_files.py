"""Checkpoint files that are cut off, torn or mixed: what is not whole is never taken for a checkpoint."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.tuning import state_files
from pipelines.tuning.container import TuningError

NAMES = ("state-a.pt", "state-a.json", "state-b.pt", "state-b.json")


def save(folder: Path, number: int) -> None:
    state_files.save(folder, number, {"step": number, "weights": [torch.full((4,), float(number))]}, {"seed": 13})


def newest(folder: Path) -> int | None:
    """Give the number of the newest checkpoint, having seen that its content is the one of that number."""
    saved = state_files.newest(folder)
    if saved is None:
        return None
    state = saved.load()
    assert state["step"] == saved.number
    assert torch.equal(state["weights"][0], torch.full((4,), float(saved.number)))
    return saved.number


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert newest(tmp_path) is None


def test_the_newest_of_many_is_found_and_no_more_than_two_are_kept(tmp_path: Path) -> None:
    for number in range(1, 6):
        save(tmp_path, number)
        assert newest(tmp_path) == number
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)


def test_it_tells_what_it_was_made_with(tmp_path: Path) -> None:
    save(tmp_path, 1)
    saved = state_files.newest(tmp_path)
    assert saved is not None
    assert saved.made_with == {"seed": 13}


class _Cut(Exception):
    pass


@pytest.fixture
def cut_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """End the process, so to speak, at the nth of the operations on files."""
    left: list[int] = []

    def counted(original: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if left:
                left[0] -= 1
            if left and left[0] < 0:
                raise _Cut
            return original(*arguments, **named)

        return call

    for place, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (torch, "save"), (Path, "write_text")):
        monkeypatch.setattr(place, name, counted(getattr(place, name)))
    yield lambda operations: left.__setitem__(slice(None), [operations])
    left.clear()


@pytest.mark.parametrize("operations", range(12))
def test_wherever_the_writing_is_cut_off_the_former_checkpoint_is_whole(
    operations: int, tmp_path: Path, cut_after: Any
) -> None:
    for number in (1, 2):
        save(tmp_path, number)
    cut_after(operations)
    with pytest.raises(_Cut):
        save(tmp_path, 3)
    cut_after(10**6)
    # Only the last operation comes when the manifest has its name already.
    assert newest(tmp_path) == (3 if operations == 11 else 2)
    save(tmp_path, 4)
    assert newest(tmp_path) == 4


def test_what_was_copied_unfinished_is_never_read_and_gives_way_to_the_next_checkpoint(
    tmp_path: Path, cut_after: Any
) -> None:
    for number in (1, 2):
        save(tmp_path, number)
    cut_after(4)  # the state is written whole, and has not got its name
    with pytest.raises(_Cut):
        save(tmp_path, 3)
    cut_after(10**6)
    assert (tmp_path / ".unfinished.pt").stat().st_size == (tmp_path / "state-a.pt").stat().st_size
    assert newest(tmp_path) == 2
    save(tmp_path, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", ["state-b.pt", "state-b.json"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_of_a_torn_checkpoint_the_former_is_taken_and_the_log_says_so(
    name: str, share: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (2, 3):
        save(tmp_path, number)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(share * len(content))])
    assert newest(tmp_path) == 2
    assert "checkpoint 'b' is not whole and is left aside" in capsys.readouterr().out


@settings(deadline=None, max_examples=60)
@given(st.tuples(*[st.integers(0, 4)] * 4))
def test_of_files_from_different_checkpoints_none_is_taken(ages: tuple[int, ...]) -> None:
    # What a copy that goes file by file may leave: each file as it was after some checkpoint, or not there yet.
    with tempfile.TemporaryDirectory() as scratch:
        written, mixed = Path(scratch) / "written", Path(scratch) / "mixed"
        written.mkdir()
        mixed.mkdir()
        histories: list[dict[str, bytes]] = [{}]
        for number in range(1, 5):
            save(written, number)
            histories.append({path.name: path.read_bytes() for path in written.iterdir()})
        for name, age in zip(NAMES, ages, strict=True):
            if name in histories[age]:
                (mixed / name).write_bytes(histories[age][name])

        found = newest(mixed)

        pairs = [(ages[0], ages[1], 0), (ages[2], ages[3], 1)]
        whole = [
            number for state, manifest, odd in pairs if (number := last(state, odd)) and number == last(manifest, odd)
        ]
        assert found == max(whole, default=None)


def last(age: int, odd: int) -> int:
    """The newest checkpoint in a place after so many: even ones lie in a, odd ones in b."""
    return max((number for number in range(1, age + 1) if number % 2 == odd), default=0)


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    save(tmp_path, 1)
    state = tmp_path / "state-b.pt"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    assert newest(tmp_path) is None


def test_a_checkpoint_of_another_format_is_left_aside(tmp_path: Path) -> None:
    save(tmp_path, 1)
    manifest = tmp_path / "state-b.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 2}))
    assert newest(tmp_path) is None


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> Any:
            return (os.system, ("true",))

    state_files.save(tmp_path, 1, {"step": Malicious()}, {})
    saved = state_files.newest(tmp_path)
    assert saved is not None
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        saved.load()


def test_a_full_disk_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(TuningError, match=r"could not be written .* bytes are free\. Choose a tuning\.instance_type"):
        save(tmp_path, 1)
