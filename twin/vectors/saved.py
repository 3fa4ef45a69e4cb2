"""How far an index is on disk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Saved:
    """Which file holds an index's table, and how many changes of it that file has seen."""

    file: str = ""
    changes: int = -1
