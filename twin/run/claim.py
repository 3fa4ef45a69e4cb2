"""The state folder belongs to one run at a time: two would write the same templates, and the second clear the first."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from twin.run.preflight import RunRefused

_LOCK = "run.lock"
_EMULATOR_LOCK = "lock"


@contextmanager
def claimed(state: Path, emulator: Path) -> Iterator[None]:
    """Keep the state folder for the run that the block is.

    The emulator's own lock is looked at, too: it tells of `fourfold serve`, and of what another run left going.

    Args:
        state: the folder for what is kept between runs.
        emulator: the folder of the emulator that runs deploy into.

    Raises:
        RunRefused: another run has it, or something else uses the emulator's folder.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / _LOCK).open("w") as lock:
        if not _taken(lock):
            raise RunRefused(f"Another run is going on in {state}. Wait for its end, or end it.")
        in_use = emulator / _EMULATOR_LOCK
        if in_use.exists():
            with in_use.open("r+") as probe:
                if not _taken(probe):
                    raise RunRefused(
                        f"What the last run deployed is in use, by `fourfold serve` or another command: {emulator}. "
                        "End it, or wait for its end."
                    )
        yield


def _taken(lock: IO[str]) -> bool:
    """Take the lock of an open file, until the file is closed, and say whether it was free."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
