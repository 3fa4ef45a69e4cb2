"""Who computes what of a batch, when several processes train one model.

Every process knows the whole batch and deals it out by the same rule, so nothing has to be said between them. Each
example has one process; what the processes compute adds up to what one alone would have computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

U = TypeVar("U")


def shares(batch: Sequence[U], count: int, tokens: Callable[[U], int]) -> list[list[U]]:
    """Deal a batch out to `count` processes, the longest example first, each to whoever has the fewest tokens so far.

    A process may get none. No two differ by more tokens than the longest example has.
    """
    if count == 1:
        return [list(batch)]
    dealt: list[list[U]] = [[] for _ in range(count)]
    work = [0] * count
    for example in sorted(batch, key=tokens, reverse=True):
        process = work.index(min(work))
        dealt[process].append(example)
        work[process] += tokens(example)
    return dealt


def passes(
    batch: Sequence[U],
    rank: int,
    count: int,
    groups: Callable[[Sequence[U]], Iterable[list[U]]],
    tokens: Callable[[U], int],
    lockstep: bool,
) -> list[tuple[list[U], float]]:
    """Give a process's passes through the model, over its share of a batch: examples, and by what their loss counts.

    `groups` cuts examples into what goes through at once. In `lockstep` every process makes as many passes as the
    busiest one, because each pass needs all of them: those that are left over repeat the batch's shortest example and
    count 0, all others 1.
    """
    dealt = [list(groups(share)) for share in shares(batch, count, tokens)] if lockstep else []
    own = dealt[rank] if lockstep else list(groups(shares(batch, count, tokens)[rank]))
    found = [(group, 1.0) for group in own]
    if lockstep:
        found += [([min(batch, key=tokens)], 0.0)] * (max(map(len, dealt)) - len(own))
    return found
