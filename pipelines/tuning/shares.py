"""Who computes what of a batch, when several processes train one model.

Every process knows the whole batch and deals it out by the same rule, so nothing has to be said between them. Each
example has one process; what the processes compute adds up to what one alone would have computed.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.tuning.batches import packs
from pipelines.tuning.examples import Example

# The examples of one pass through the model, and by what their loss counts: 1, or 0 for a pass without effect.
Pass = tuple[list[Example], float]


def shares(batch: Sequence[Example], count: int) -> list[list[Example]]:
    """Deal a batch out to `count` processes, the longest example first, each to whoever has the fewest tokens so far.

    A process may get none. The number of tokens of two that get some differs by less than the longest example has.
    """
    if count == 1:
        return [list(batch)]
    dealt: list[list[Example]] = [[] for _ in range(count)]
    tokens = [0] * count
    for example in sorted(batch, key=lambda e: len(e.tokens), reverse=True):
        process = tokens.index(min(tokens))
        dealt[process].append(example)
        tokens[process] += len(example.tokens)
    return dealt


def passes(batch: Sequence[Example], rank: int, count: int, tokens_at_once: int, lockstep: bool) -> list[Pass]:
    """Give the passes of one process over its share of a batch.

    In `lockstep` every process makes as many as the busiest one, because each pass needs all of them: those that
    are left over repeat the batch's shortest example, and count for nothing.
    """
    dealt = [list(packs(share, tokens_at_once)) for share in shares(batch, count)]
    own: list[Pass] = [(group, 1.0) for group in dealt[rank]]
    if lockstep:
        shortest = min(batch, key=lambda e: len(e.tokens))
        own += [([shortest], 0.0)] * (max(map(len, dealt)) - len(own))
    return own
