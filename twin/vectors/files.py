"""A file with the vectors of a table, whole or not there at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from twin.vectors.table import Vector, VectorTable

_BATCH = 10_000


class DamagedIndexError(Exception):
    """A file of vectors that cannot be read; the text says which."""


def write(file: Path, table: VectorTable) -> None:
    """Write the vectors of a table, whole or not at all."""
    keys, matrix, metadata = table.parts()
    unfinished = file.with_suffix(".unfinished")
    texts = json.dumps([keys, metadata], ensure_ascii=False, separators=(",", ":")).encode()
    with unfinished.open("wb") as target:
        np.savez(target, matrix=matrix, texts=np.frombuffer(texts, dtype=np.uint8))
        target.flush()
        os.fsync(target.fileno())
    unfinished.replace(file)


def read(file: Path, table: VectorTable) -> None:
    """Put the vectors of a file into a table. Raises DamagedIndexError."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            matrix = archive["matrix"]
            keys, metadata = json.loads(archive["texts"].tobytes())
    except Exception as error:
        raise DamagedIndexError(f"The vectors in {file} cannot be read: {error!r}") from error
    for start in range(0, len(keys), _BATCH):
        rows = range(start, min(start + _BATCH, len(keys)))
        table.put([Vector(keys[row], matrix[row], metadata[row]) for row in rows])
