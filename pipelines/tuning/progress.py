"""Lines that somebody reads while a job runs: figures for CloudWatch metrics, progress for the command line.

The pipeline's definition picks `name=number` pairs out of the log with regular expressions. A line that begins
with `PROGRESS` carries one JSON object for whoever shows how far the job is. Of several processes the first speaks.
"""

from __future__ import annotations

import json
import os


def log(line: str) -> None:
    """Print a line."""
    if os.environ.get("RANK", "0") == "0":
        print(line, flush=True)


def log_figures(**figures: float) -> None:
    """Print `name=value` pairs on one line, whole numbers as such, others with six significant digits."""
    log(" ".join(f"{name}={value:.6g}" for name, value in figures.items()))


def log_phase(phase: str) -> None:
    """Print what begins now, where nothing can be counted."""
    log("PROGRESS " + json.dumps({"phase": phase}))


def log_progress(phase: str, done: int, total: int, **figures: float | str) -> None:
    """Print how much of a phase is done, counted in whatever unit the phase has."""
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
    log("PROGRESS " + json.dumps({"phase": phase, "done": done, "total": total, **rounded}))
