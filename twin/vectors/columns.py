"""The metadata of all vectors, key by key, so that a filter is answered without a look at each vector."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Metadata = dict[str, Any]
Mask = NDArray[np.bool_]
Value = str | float | bool


class Column:
    """What the vectors hold under one key: the values that occur, and which row has which; a list has several."""

    def __init__(self, rows: Sequence[Metadata], key: str) -> None:
        self._size = len(rows)
        numbers: dict[Any, int] = {}
        # By type, because True is 1 to Python, and not to a filter.
        self._codes: dict[type, dict[Any, int]] = {str: {}, bool: {}, int: numbers, float: numbers}
        holders: list[int] = []
        held: list[int] = []
        distinct: list[Value] = []
        for row, metadata in enumerate(rows):
            value = metadata.get(key)
            if value is None:
                continue
            for one in value if type(value) is list else (value,):
                codes = self._codes[type(one)]
                code = codes.get(one)
                if code is None:
                    code = codes[one] = len(distinct)
                    distinct.append(one)
                holders.append(row)
                held.append(code)
        self._holders = np.array(holders, dtype=np.int32)
        self._held = np.array(held, dtype=np.int32)
        self._numbers = np.array([one if type(one) in (int, float) else np.nan for one in distinct], np.float64)

    def present(self) -> Mask:
        """The rows that have the key."""
        return self._rows(np.ones(len(self._numbers), dtype=bool))

    def among(self, values: Collection[Value]) -> Mask:
        """The rows that hold one of the values, themselves or in their list."""
        chosen = np.zeros(len(self._numbers), dtype=bool)
        chosen[[code for value in values if (code := self._codes[type(value)].get(value)) is not None]] = True
        return self._rows(chosen)

    def compared(self, compare: Callable[[Any, float], Any], bound: float) -> Mask:
        """The rows that hold a number for which the comparison holds."""
        return self._rows(compare(self._numbers, bound))

    def _rows(self, chosen: Mask) -> Mask:
        found: Mask = np.zeros(self._size, dtype=bool)
        found[self._holders[chosen[self._held]]] = True
        return found


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


class Condition(Protocol):
    """What a filter comes down to."""

    def mask(self, columns: Columns) -> Mask:
        """The rows for which it holds."""
