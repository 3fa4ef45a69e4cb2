"""What answers score that took nothing from the model: a floor that one of them reaches lets everything through.

For labels that is the best single label, given to every record. For texts it is the answers wanted of other records,
and the text itself, whole or its first sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.tuning.metrics import Metric

# Each record gets the answers of so many others, the next in the sample; as for the candidates.
OTHERS = 5
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])")


def blind_scores(metric: Metric, references: Sequence[str], texts: Sequence[str]) -> dict[str, float]:
    """Give each figure by what it is, in words.

    Args:
        metric: what answers are measured by.
        references: the answers that are wanted.
        texts: what stands before each, without the instruction.
    """
    if metric.labels:
        best = max(metric.labels, key=lambda label: metric.value(references, [label] * len(references)))
        return {f"the label '{best}' for every record": metric.value(references, [best] * len(references))}
    shifts = range(1, min(OTHERS, len(references) - 1) + 1)
    others = [metric.value(references, [*references[by:], *references[:by]]) for by in shifts]
    return {
        "an answer meant for another record": sum(others) / len(others) if others else 0.0,
        "copying the text": metric.value(references, texts),
        "copying the text's first sentence": metric.value(references, [first_sentence(text) for text in texts]),
    }


def first_sentence(text: str) -> str:
    """Give a text up to the end of its first sentence."""
    return _SENTENCE_END.split(text.strip(), maxsplit=1)[0]
