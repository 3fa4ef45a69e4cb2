"""The state folder belongs to one run at a time: two would write the same templates, and the second clear the first.

Who only reads what a run has left shares the folder with other readers, and keeps the next run from clearing it.
"""

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
            raise RunRefused(
                f"Another run is going on in {state}, or `fourfold artifacts` reads what the last one left. Wait for "
                "its end, or end it."
            )
        in_use = emulator / _EMULATOR_LOCK
        if in_use.exists():
            with in_use.open("r+") as probe:
                if not _taken(probe):
                    raise RunRefused(
                        f"What the last run deployed is in use, by `fourfold serve` or another command: {emulator}. "
                        "End it, or wait for its end."
                    )
        yield


@contextmanager
def claimed_for_reading(state: Path) -> Iterator[None]:
    """Keep what the last run left for as long as the block is reading it; others may read it, too.

    Args:
        state: the folder for what is kept between runs.

    Raises:
        RunRefused: a run has the folder.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / _LOCK).open("w") as lock:
        if not _taken(lock, fcntl.LOCK_SH):
            raise RunRefused(
                f"A run is going on in {state}, and may clear what is to be read. Wait for its end, or end it."
            )
        yield


def _taken(lock: IO[str], kind: int = fcntl.LOCK_EX) -> bool:
    """Take the lock of an open file, until the file is closed, and say whether it was free."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
