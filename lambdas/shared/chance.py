"""What an answer scores that does not look at the text: a floor that this reaches tells nothing.

For a classification, that is the best single label given to every record. For other kinds, it is the answers wanted
of other records: high where all answers are of one pattern; a judge is asked for those of a few (see `scoring`).
"""

from __future__ import annotations

from collections.abc import Sequence

from lambdas.shared.figures import mean
from lambdas.shared.metrics import Metric

# Each record gets the answers of so many others, the next in the sample.
OTHERS = 5


def chance(metric: Metric, references: Sequence[str], labels: Sequence[str]) -> float:
    """Give the figure of blind answers; `labels` are those of a classification, or none."""
    if labels:
        return max(metric.value(references, [label] * len(references)) for label in labels)
    shifts = range(1, min(OTHERS, len(references) - 1) + 1)
    return mean([metric.value(references, [*references[by:], *references[:by]]) for by in shifts])
