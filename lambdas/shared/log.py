"""Structured logs: one JSON object a line on standard output, where Lambda hands it to CloudWatch.

Fields that belong to the whole invocation (request, run) are bound once and stand in every line. Where one process
works on several requests at once, each binds its own.
"""

from __future__ import annotations

import json
import sys
import time
from contextvars import ContextVar

_bound: dict[str, object] = {}
_here: ContextVar[dict[str, object] | None] = ContextVar("_here", default=None)


def bind(**fields: object) -> None:
    """Replace the fields that every following line carries."""
    _bound.clear()
    _bound.update(fields)


def add(**fields: object) -> None:
    """Add to the fields that every following line carries."""
    _bound.update(fields)


def bind_here(**fields: object) -> None:
    """Replace the fields that the following lines of this thread, or of this task, carry beside the others."""
    _here.set(fields)


def info(message: str, **fields: object) -> None:
    """Write a line at level INFO."""
    _write("INFO", message, fields)


def warning(message: str, **fields: object) -> None:
    """Write a line at level WARNING."""
    _write("WARNING", message, fields)


def error(message: str, **fields: object) -> None:
    """Write a line at level ERROR."""
    _write("ERROR", message, fields)


def progress(phase: str, done: int, total: int, unit: str, **fields: object) -> None:
    """Write how far long work has come, in the form that progress displays read: ``PROGRESS {…}``."""
    document = {"phase": phase, "done": done, "total": total, "unit": unit, **fields}
    _print("PROGRESS " + json.dumps(document))


def _write(level: str, message: str, fields: dict[str, object]) -> None:
    moment = time.time()
    timestamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"
    line = {"timestamp": timestamp, "level": level, "message": message, **_bound, **(_here.get() or {}), **fields}
    _print(json.dumps(line, default=str))


def _print(line: str) -> None:
    # With its end in one piece: `print` writes them apart, and another thread's line may come between.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
