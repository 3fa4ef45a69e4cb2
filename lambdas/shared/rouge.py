"""ROUGE-L F-measure, the same figure as the `rouge-score` package gives for `rougeL` without a stemmer.

Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004. The longest common subsequence is counted
by the bit-parallel method of Hyyrö (2004): one machine operation covers a whole row of the usual table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

TOKEN = re.compile(r"[a-z0-9]+")


def tokens(text: str) -> list[str]:
    """Split into lower-case runs of ASCII letters and digits, as ROUGE does; all else separates."""
    return TOKEN.findall(text.lower())


def lcs_length(first: Sequence[str], second: Sequence[str]) -> int:
    """Count the tokens of the longest common subsequence."""
    positions: dict[str, int] = {}
    for index, token in enumerate(first):
        positions[token] = positions.get(token, 0) | (1 << index)
    everything = (1 << len(first)) - 1
    unmatched = everything
    for token in second:
        hits = unmatched & positions.get(token, 0)
        unmatched = ((unmatched + hits) | (unmatched - hits)) & everything
    return len(first) - unmatched.bit_count()


def rouge_l(reference: str, prediction: str) -> float:
    """Score a prediction against its reference, 0 to 1; 0 when either has no token.

    >>> rouge_l("The quick brown fox", "the brown fox")
    0.8571428571428571
    """
    wanted, given = tokens(reference), tokens(prediction)
    common = lcs_length(wanted, given)
    if not common:
        return 0.0
    precision, recall = common / len(given), common / len(wanted)
    return 2 * precision * recall / (precision + recall)
