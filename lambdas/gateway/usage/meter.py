"""Tokens and dollars by caller and day, and the caps on them.

A request is counted when its answer is there, by one write. Before the next one, what that write gave back is known
here, so a cap costs a read only where nothing is known of the caller, or where it is old. A request that begins below
the cap is answered to its end; so the requests that are on their way at that moment may go beyond it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdas.gateway.exchange import NANO, Caller, Usage
from lambdas.gateway.table import Table

EVERYBODY = "all"
KEPT_DAYS = 400
KNOWN_SECONDS = 5.0
_MOST_KNOWN = 10_000
_NUMBERS = ("requests", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "nano_usd")


@dataclass(frozen=True)
class Spent:
    """What was used in one day of UTC; `nano_usd` in billionths of a dollar."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    nano_usd: int = 0

    @property
    def usd(self) -> float:
        """In US dollars."""
        return self.nano_usd / NANO


class CapReached(Exception):
    """Nothing more is answered today.

    Attributes:
        lifts_at: when it is again: midnight of UTC.
        own: whether it is the caller's own cap, or that of all callers together.
    """

    def __init__(self, lifts_at: datetime, *, own: bool) -> None:
        whose = "this caller" if own else "all callers together"
        super().__init__(f"The cap of {whose} is reached until {lifts_at.isoformat()}")
        self.lifts_at = lifts_at
        self.own = own


@dataclass(frozen=True)
class _Known:
    day: str
    spent: Spent
    until: float


class Meter:
    """Counts what callers use, and holds them to the caps.

    Args:
        table: where it is counted.
        caller_usd: cap of each caller in dollars a day, or None.
        everybody_usd: cap of all callers together, or None.
        now: the time, in UTC.
    """

    def __init__(
        self,
        table: Table,
        *,
        caller_usd: float | None = None,
        everybody_usd: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._table = table
        self._caps = {False: caller_usd, True: everybody_usd}
        self._now = now
        self._known: dict[str, _Known] = {}

    @staticmethod
    def from_environment(settings: Mapping[str, Any]) -> Meter | None:
        """Give the meter of the gateway's settings; None where there is no table to count in."""
        table, budget = Table.from_environment(), settings.get("budget") or {}
        if table is None:
            return None
        return Meter(table, caller_usd=budget.get("caller_usd_per_day"), everybody_usd=budget.get("usd_per_day"))

    def allow(self, caller: Caller) -> None:
        """Let a request begin.

        Raises:
            CapReached: the caller, or all callers together, have used what they may today.
            botocore.exceptions.ClientError: it cannot be told how much that is.
        """
        for whose, everybody in ((caller.id, False), (EVERYBODY, True)):
            cap = self._caps[everybody]
            if cap is not None and self._spent(whose).nano_usd >= cap * NANO:
                raise CapReached(self.lifts_at(), own=not everybody)

    def account(self, caller: Caller, usage: Usage, nano_usd: int | None, *, requests: int = 1) -> Spent:
        """Count what was used and give what the caller has used today; a cost of None is not known, and counts as 0.

        Raises:
            botocore.exceptions.ClientError: it could not be counted.
        """
        numbers = {
            "requests": requests,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "nano_usd": nano_usd or 0,
        }
        spent = self._count(caller.id, numbers)
        if self._caps[True] is not None:
            self._count(EVERYBODY, numbers)
        return spent

    def today(self, caller: Caller) -> Spent:
        """Give what the caller has used today, as it is in the table now."""
        return self._read(caller.id)

    def cap(self) -> float | None:
        """Give each caller's cap in dollars a day."""
        return self._caps[False]

    def lifts_at(self) -> datetime:
        """Give the moment at which the caps lift: the next midnight of UTC."""
        midnight = self._now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(days=1)

    def _count(self, whose: str, numbers: Mapping[str, int]) -> Spent:
        day, forgotten = self._day(), self._now() + timedelta(days=KEPT_DAYS)
        sums = self._table.add(_pk(whose), f"DAY#{day}", numbers, expires_at=int(forgotten.timestamp()))
        return self._remember(whose, day, Spent(**sums))

    def _spent(self, whose: str) -> Spent:
        known = self._known.get(whose)
        if known and known.day == self._day() and time.monotonic() < known.until:
            return known.spent
        return self._read(whose)

    def _read(self, whose: str) -> Spent:
        day = self._day()
        item = self._table.get(_pk(whose), f"DAY#{day}") or {}
        return self._remember(whose, day, Spent(**{name: int(item.get(name, 0)) for name in _NUMBERS}))

    def _remember(self, whose: str, day: str, spent: Spent) -> Spent:
        known = self._known.get(whose)
        # Answers that end together come back in any order; sums only grow.
        if known and known.day == day and known.spent.nano_usd > spent.nano_usd:
            spent = known.spent
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[whose] = _Known(day, spent, time.monotonic() + KNOWN_SECONDS)
        return spent

    def _day(self) -> str:
        return self._now().astimezone(UTC).strftime("%Y-%m-%d")


def _pk(whose: str) -> str:
    return f"USAGE#{whose}"
