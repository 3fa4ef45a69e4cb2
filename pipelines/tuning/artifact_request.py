"""What `python -m pipelines.tuning.artifacts` is asked for, and what is wrong with that, told without PyTorch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.tuning import checkpoint_files

MOST_TOLERANCE = 10.0


@dataclass(frozen=True)
class Request:
    """The folders of base, trained model and validation records, and what to make of them where."""

    base: Path
    model: Path
    examples: Path
    output: Path
    quantizations: tuple[str, ...] = ("q8_0", "q4_0")
    tolerance: float = 0.05

    def problems(self) -> Iterator[str]:
        """Say everything that is wrong with the request, as far as a look at the files tells."""
        if lacking := checkpoint_files.lacking(self.base):
            yield f"--base {self.base} is no Hugging Face checkpoint: it {lacking}."
        if not (self.model / "model.tar.gz").is_file():
            yield f"--model {self.model} has no model.tar.gz. Name the folder into which the training job put it."
        if not any(self.examples.rglob("*.jsonl")):
            yield f"--examples {self.examples} has no *.jsonl file. Name the folder with the run's validation records."
        if problem := _problem_of_output(self.output):
            yield f"--output {self.output} {problem}. Name a new folder."
        if not 0 < self.tolerance <= MOST_TOLERANCE:
            yield f"--tolerance {self.tolerance:g} is not above 0 and at most {MOST_TOLERANCE:g} nats."


def _problem_of_output(output: Path) -> str | None:
    # The finished folder takes the place of what is there: neither a symbolic link nor a mount point lets it.
    folder = Path(os.path.realpath(output))
    if any(place.is_symlink() for place in (folder, *folder.parents)):
        return "leads through symbolic links in a circle"
    if folder.exists() and not folder.is_dir():
        return "is a file"
    if folder.is_mount():
        return "is a mount point, which no other folder can replace"
    if folder.exists() and any(folder.iterdir()):
        return "holds files already"
    above = next(place for place in folder.parents if place.exists())
    return None if above.is_dir() and os.access(above, os.W_OK | os.X_OK) else f"cannot be made in {above}"
