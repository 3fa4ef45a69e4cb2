"""Every form that a tuned model is served in, from one command, each held against the model that it was made of.

    python -m pipelines.tuning.artifacts --base BASE --model FOLDER --examples VALIDATION --output NEW

`BASE` is the base model's checkpoint, `FOLDER` has the training job's model.tar.gz, `VALIDATION` its validation
records. `served_forms` says what `NEW` then holds: everything, or nothing where the command fails or is ended. A
quantization that is too far off is named, and its file not left; the others are.

What is wrong with the arguments is said at once: nothing that takes seconds to load is imported before they are
checked. Exit statuses: 2 for arguments that make no sense, 1 for what fails after that.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.tuning import libraries
from pipelines.tuning.artifact_request import Request
from pipelines.tuning.container import TuningError
from pipelines.tuning.settings import QUANTIZATIONS


def parsed(arguments: Sequence[str] | None = None) -> Request:
    """Read the command line; what argparse refuses ends the process, as `--help` does."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.tuning.artifacts", description="Write every form that a tuned model is served in."
    )
    for name, what in {
        "base": "the folder of the base model's checkpoint",
        "model": "the folder with the training job's model.tar.gz",
        "examples": "the folder of the run's validation records",
        "output": "a new folder",
    }.items():
        parser.add_argument(f"--{name}", type=Path, required=True, help=what)
    parser.add_argument("--quantizations", nargs="+", choices=QUANTIZATIONS, default=list(Request.quantizations))
    parser.add_argument(
        "--tolerance",
        type=float,
        default=Request.tolerance,
        help="how far the loss of a quantization may be from the model's, in nats by answer token (%(default)s)",
    )
    given = vars(parser.parse_args(arguments))
    return Request(**given | {"quantizations": tuple(dict.fromkeys(given["quantizations"]))})


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what the command line asks for, and give the exit status."""
    request = parsed(arguments)
    if problems := list(request.problems()):
        print(*(f"ERROR: {problem}" for problem in problems), sep="\n", file=sys.stderr)
        return 2
    # Whoever ends the process wants nothing left: SystemExit goes through the block that clears up.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    # As in training: threads that wait for each other sleep. OpenMP reads this when PyTorch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    libraries.load()
    from pipelines.tuning.served_forms import write_all

    try:
        print(json.dumps(write_all(request), indent=2))
    except (TuningError, OSError) as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
