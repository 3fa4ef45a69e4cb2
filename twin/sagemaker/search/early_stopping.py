"""When a trial is stopped because it does no better than those before it: SageMaker's median rule.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

# The median of one is that one: with a single trial before it, every other trial would be stopped.
FEWEST_BEFORE = 2


def is_worse(losses: Sequence[float], earlier: Sequence[Sequence[float]]) -> bool:
    """Whether the last of a trial's losses is above the median of the others' running averages up to there.

    `earlier` has the losses of each trial that ran before; those that did not come as far do not count.
    """
    if not losses:
        return False
    epoch = len(losses)
    averages = [fmean(others[:epoch]) for others in earlier if len(others) >= epoch]
    return len(averages) >= FEWEST_BEFORE and losses[-1] > median(averages)
