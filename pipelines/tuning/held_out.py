"""Examples that figures are taken on. Too few of them, and chance alone passes the gate."""

from __future__ import annotations

from pathlib import Path

from transformers import PreTrainedTokenizerBase

from pipelines.tuning import examples
from pipelines.tuning.container import TuningError
from pipelines.tuning.settings import MINIMUM_EXAMPLES


def load(
    folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
) -> tuple[list[examples.Example], examples.Census]:
    """Read a channel as `examples.load` does.

    Raises:
        TuningError: as `examples.load`; or fewer than `MINIMUM_EXAMPLES` can be used: the message has the census.
    """
    loaded, census = examples.load(folder, limit, tokenizer, max_length, seed)
    if len(loaded) < MINIMUM_EXAMPLES:
        skipped = "".join(f", {count} {reason}" for reason, count in sorted(census.skipped.items()))
        raise TuningError(
            f"Channel '{folder.name}' has {len(loaded)} examples that can be used and {MINIMUM_EXAMPLES} are needed: "
            f"{census.read} records read{skipped}. Raise max_length (now {max_length} tokens), or add data or enlarge "
            f"the split (data.split.{folder.name})."
        )
    return loaded, census
