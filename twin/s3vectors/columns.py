"""The metadata of all vectors, key by key, so that a filter is answered without a look at each vector."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Metadata = dict[str, Any]
Mask = NDArray[np.bool_]
Value = str | float | bool


class Column:
    """What the vectors hold under one key: the values that occur, and which row has which; a list has several."""

    def __init__(self, rows: Sequence[Metadata], key: str) -> None:
        self._size = len(rows)
        self._codes: dict[tuple[bool, Value], int] = {}
        holders: list[int] = []
        codes: list[int] = []
        for row, metadata in enumerate(rows):
            if key in metadata:
                value = metadata[key]
                for one in value if isinstance(value, list) else (value,):
                    holders.append(row)
                    codes.append(self._codes.setdefault(_typed(one), len(self._codes)))
        self._holders = np.array(holders, dtype=np.int32)
        self._held = np.array(codes, dtype=np.int32)
        self._numbers = np.array(
            [value if isinstance(value, float) else np.nan for _, value in self._codes], np.float64
        )

    def present(self) -> Mask:
        """The rows that have the key."""
        return self._rows(np.ones(len(self._codes), dtype=bool))

    def among(self, values: Collection[Value]) -> Mask:
        """The rows that hold one of the values, themselves or in their list."""
        chosen = np.zeros(len(self._codes), dtype=bool)
        chosen[[code for value in values if (code := self._codes.get(_typed(value))) is not None]] = True
        return self._rows(chosen)

    def compared(self, compare: Callable[[Any, float], Any], bound: float) -> Mask:
        """The rows that hold a number for which the comparison holds."""
        return self._rows(compare(self._numbers, bound))

    def _rows(self, chosen: Mask) -> Mask:
        found: Mask = np.zeros(self._size, dtype=bool)
        found[self._holders[chosen[self._held]]] = True
        return found


def _typed(value: Value) -> tuple[bool, Value]:
    # True is 1 to Python, and not to a filter.
    if isinstance(value, bool | str):
        return isinstance(value, bool), value
    return False, float(value)


class Columns:
    """The columns of a set of rows, each made when a filter first asks for it."""

    def __init__(self, rows: Sequence[Metadata]) -> None:
        self._rows = rows
        self._made: dict[str, Column] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, key: str) -> Column:
        """The column of a key; of a key that no vector has, an empty one."""
        if key not in self._made:
            self._made[key] = Column(self._rows, key)
        return self._made[key]
