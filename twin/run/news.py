"""What a run has found, told on its board as soon as it is known: figures, which whoever shows the board words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Begun:
    """A run has its id, or goes on under it."""

    run_id: str
    again: bool = False


@dataclass(frozen=True)
class Prepared:
    """The preparation's manifest is written."""

    manifest: dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """A candidate is evaluated; `figures` are its result's."""

    figures: dict[str, Any]


@dataclass(frozen=True)
class Selected:
    """It is decided which candidate is taken, if any; `selected` has the reason."""

    selected: dict[str, Any]


@dataclass(frozen=True)
class WentOn:
    """Training goes on after a stop: from this step of so many. `again` are done a second time, None: nothing tells."""

    step: int
    steps: int
    again: int | None


News = Begun | Prepared | Measured | Selected | WentOn
