"""A training state as files that are whole or recognisably not, wherever the writing, or the copying, was cut off.

SageMaker copies its checkpoint folder to S3 file by file while the job runs, and back when the job starts again. So
what lies there may be half of one checkpoint and half of the next. Each checkpoint is a file of PyTorch's beside a
manifest, written last, with the file's digest. There are two places, used in turn: while one is written the other
stays whole, and what S3 keeps does not grow, although nothing there is ever deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pipelines.tuning.container import TuningError
from pipelines.tuning.progress import log

FORMAT = 1
_PLACES = ("a", "b")


@dataclass(frozen=True)
class Saved:
    """A checkpoint that is whole. `number` counts them; `made_with` says what it belongs to."""

    number: int
    made_with: dict[str, Any]
    state: Path

    def load(self) -> dict[str, Any]:
        """Give the state, its tensors on the CPU. Code in it, if somebody put any there, is not run.

        The tensors are the file's own pages, read when they are looked at: several processes of one machine share
        them. What is kept of them for longer has to be a copy, or the file keeps its room on the disk.
        """
        loaded: dict[str, Any] = torch.load(self.state, map_location="cpu", weights_only=True, mmap=True)
        return loaded


def save(folder: Path, number: int, state: dict[str, Any], made_with: dict[str, Any]) -> int:
    """Write checkpoint `number` in the place of the last but one; gives its size in bytes.

    Raises:
        TuningError: the disk is full, or not to be written.
    """
    place = _PLACES[number % len(_PLACES)]
    manifest_file, state_file = _manifest(folder, place), _state(folder, place)
    try:
        # First: so that the disk has to hold two states, not three.
        manifest_file.unlink(missing_ok=True)
        state_file.unlink(missing_ok=True)
        part = _new_part(state_file)
        torch.save(state, part)
        size, digest = part.stat().st_size, _digest(part)
        _put(part, state_file)
        manifest = {"format": FORMAT, "number": number, "bytes": size, "sha256": digest, "made_with": made_with}
        part = _new_part(manifest_file)
        part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        _put(part, manifest_file)
    # PyTorch tells of a full disk by a RuntimeError.
    except (OSError, RuntimeError) as error:
        raise TuningError(
            f"The checkpoint could not be written to {folder} ({error}), where {shutil.disk_usage(folder).free:,} "
            "bytes are free. Choose a tuning.instance_type with more local storage, or method lora, whose checkpoints "
            "are small."
        ) from error
    return size


def newest(folder: Path) -> Saved | None:
    """Give the newest checkpoint that is whole; says of each that is not what is wrong with it."""
    whole = [saved for place in _PLACES if (saved := _read(folder, place))]
    return max(whole, key=lambda saved: saved.number, default=None)


def _read(folder: Path, place: str) -> Saved | None:
    manifest_file, state_file = _manifest(folder, place), _state(folder, place)
    if not manifest_file.exists() and not state_file.exists():
        return None
    try:
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']}, not {FORMAT}")
        if (state_file.stat().st_size, _digest(state_file)) != (manifest["bytes"], manifest["sha256"]):
            raise ValueError(f"the state is not the one that {manifest_file.name} describes")
        return Saved(int(manifest["number"]), dict(manifest["made_with"]), state_file)
    except (OSError, ValueError, TypeError, KeyError) as error:
        log(f"checkpoint '{place}' is not whole and is left aside: {type(error).__name__}: {error}")
        return None


def _manifest(folder: Path, place: str) -> Path:
    return folder / f"state-{place}.json"


def _state(folder: Path, place: str) -> Path:
    return folder / f"state-{place}.pt"


def _new_part(path: Path) -> Path:
    # In the same folder: it is a mount of its own, out of which nothing can be renamed. Always under the same name:
    # no more than one is left over. And a new file: whoever copies the one that was left over reads that to its end.
    part = path.with_name(f".unfinished{path.suffix}")
    part.unlink(missing_ok=True)
    return part


def _put(part: Path, path: Path) -> None:
    """Give a file its name once its content is surely on the disk, and be sure of the name too."""
    _sync(part)
    part.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
