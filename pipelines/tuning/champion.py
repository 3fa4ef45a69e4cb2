"""The model in use, where it is one of ours: measured on the same examples, so that the comparison is paired.

It need not be there, nor be a model of the same base: then the report says why it was not measured, and nothing fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.tuning.container import TuningError
from pipelines.tuning.outcome import Outcome


@dataclass
class Champion:
    """Whether there is a tuned model in use, what it did, and why not where it did nothing."""

    is_tuned: bool
    note: str = ""
    outcome: Outcome | None = None


def look_into(folder: Path) -> Champion:
    """See whether a folder holds a model that was tuned."""
    if (folder / "model.tar.gz").is_file():
        return Champion(is_tuned=True)
    return Champion(is_tuned=False, note="no tuned model is in use")


@contextmanager
def explained(champion: Champion) -> Iterator[None]:
    """Note why a model in use could not be measured: a former one may have another base."""
    try:
        yield
    except TuningError as error:
        champion.note = f"the model in use was not measured: {error}"
        print(f"champion: {champion.note}", flush=True)
