"""A run begins as on a new account, and never clears one that is in use."""

import fcntl
from pathlib import Path

import pytest

from twin.emulator import EmulatorError
from twin.run.account import new_account


def test_what_an_earlier_run_left_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "s3.json").write_text("{}")
    (tmp_path / "events.jsonl").write_text("{}\n")

    new_account(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_an_account_in_use_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("{}\n")
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(EmulatorError, match="Another run"):
            new_account(tmp_path)

    assert (tmp_path / "events.jsonl").exists()
