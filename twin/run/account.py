"""The emulated account of a run: empty at its beginning, kept afterwards for whoever goes on with it."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from twin.emulator import Emulator, EmulatorError


def new_account(folder: Path) -> Emulator:
    """Return an emulator of an empty account: what an earlier run deployed into the folder is forgotten.

    Raises:
        EmulatorError: another emulator is using the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmulatorError(f"Another run is using {folder}. Wait for its end, or end it.") from None
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()
    return Emulator(folder, persist=True)
