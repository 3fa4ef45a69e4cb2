"""Numbers and lists as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def plural(number: int, one: str) -> str:
    """Write a number with its noun: `1 record`, `2,000 records`."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def some_of(names: Sequence[str], most: int) -> str:
    """Name the first of them and count the rest: `a, b and 3 more`."""
    more = len(names) - most
    return f"{', '.join(names[:most])} and {more:,} more" if more > 0 else ", ".join(names)


def runs(numbers: Sequence[int]) -> str:
    """Write rising numbers, three in a row and more by their ends: `1, 2, 4–7`."""
    starts = [0, *(place for place, (one, next_one) in enumerate(pairwise(numbers), 1) if next_one != one + 1)]
    parts = [numbers[start:end] for start, end in pairwise([*starts, len(numbers)])]
    return ", ".join(f"{part[0]}–{part[-1]}" if len(part) > 2 else ", ".join(map(str, part)) for part in parts if part)
