"""What happens in the twin, as it happens: an append-only file of JSON lines.

Progress displays and reports read it; whoever does long work writes it. The file's path stands in the
environment, so that the processes of the emulator write to the same one. A line is

    {"time": 1767225600.1, "kind": "progress", "source": "glue", "id": "jr_…", "done": 3, "total": 8, …}

with `time` in epoch seconds and one of the kinds below.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

Kind = Literal["started", "progress", "log", "finished", "waiting", "iam_denied"]
FILE_VARIABLE = "FOURFOLD_EVENTS_FILE"
PROGRESS_PREFIX = "PROGRESS "
LINE_LIMIT = 4096


def emit(kind: Kind, source: str, id: str, **fields: Any) -> None:  # noqa: A002 - the field's name in the file
    """Append one event.

    `source` is the service (`glue`, `sagemaker.training`), `id` the job's or run's own id. A `finished` event
    carries `status`, and `cpu_s`, `wall_s` (seconds) and `max_rss` (bytes) where a process did the work.
    Raises KeyError when no events file stands in the environment: only an emulator's processes emit.
    """
    line = json.dumps({"time": time.time(), "kind": kind, "source": source, "id": id, **fields}, default=str)
    # One write to a file opened for appending: lines of different processes do not mix.
    descriptor = os.open(os.environ[FILE_VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode() + b"\n")
    finally:
        os.close(descriptor)


def emit_line(source: str, id: str, line: str) -> None:  # noqa: A002
    """Append what a script printed: `PROGRESS {…}` becomes a progress event, anything else a log event.

    Of a line of more than LINE_LIMIT characters the beginning is kept, as a log event that says how long it was.
    """
    if len(line) > LINE_LIMIT:
        emit("log", source, id, line=f"{line[:LINE_LIMIT]}… ({len(line)} characters)")
        return
    progress = parse_progress(line)
    if progress is None:
        emit("log", source, id, line=line)
    else:
        emit("progress", source, id, **progress)


def parse_progress(line: str) -> dict[str, Any] | None:
    """The figures of a `PROGRESS {…}` line, or None for any other line."""
    if not line.startswith(PROGRESS_PREFIX):
        return None
    try:
        figures = json.loads(line.removeprefix(PROGRESS_PREFIX))
    except ValueError:
        return None
    reserved = {"time", "kind", "source", "id"}
    return {k: v for k, v in figures.items() if k not in reserved} if isinstance(figures, dict) else None


def read(path: Path, offset: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """The events from byte `offset` on, each with the offset after it; an unfinished last line is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            yield json.loads(line), offset
