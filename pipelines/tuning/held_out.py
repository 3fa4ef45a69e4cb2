"""Examples that figures are taken on. Too few of them, and chance alone passes the gate."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from transformers import PreTrainedTokenizerBase

from pipelines.tuning.container import TuningError
from pipelines.tuning.drawing import Census
from pipelines.tuning.objective import Objective
from pipelines.tuning.settings import MINIMUM_EXAMPLES

U = TypeVar("U")


def load(
    objective: Objective[U], folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
) -> tuple[list[U], Census]:
    """Read a channel as the objective does.

    Raises:
        TuningError: as `objective.load`; or fewer than `MINIMUM_EXAMPLES` can be used: the message has the census.
    """
    loaded, census = objective.load(folder, limit, tokenizer, max_length, seed)
    if census.used < MINIMUM_EXAMPLES:
        skipped = "".join(f", {count} {reason}" for reason, count in sorted(census.skipped.items()))
        raise TuningError(
            f"Channel '{folder.name}' has {census.used} examples that can be used and {MINIMUM_EXAMPLES} are needed: "
            f"{census.read} records read{skipped}. Raise max_length (now {max_length} tokens), or add data or enlarge "
            f"the split (data.split.{folder.name})."
        )
    return loaded, census
