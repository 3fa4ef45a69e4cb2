"""Whether a document's passages can all be embedded in the time that its request has: told as soon as it shows."""

from __future__ import annotations

from http import HTTPStatus
from time import monotonic

from lambdas.gateway.call import Call
from lambdas.gateway.identity import RESERVE_SECONDS
from lambdas.gateway.problems import Problem

LEAST_SHARE = 0.1
"""Of the time that the request had when its passages were begun: before it is over, nothing is foretold."""
LEAST_ROUNDS = 2
"""So often as many passages must have come as are asked for at once; the model may have been asleep for the first."""
SLACK = 1.25
"""By how much what is foretold must go beyond the time that is left."""


class Pace:
    """How fast the passages of one document come.

    Args:
        working: whose time it is.
        total: passages.
        at_once: how many are asked for at a time.
    """

    def __init__(self, working: Call, total: int, at_once: int) -> None:
        self._working, self._total, self._at_once = working, total, at_once
        self._began = monotonic()
        self._first: float | None = None

    def check(self, done: int) -> None:
        """Look at the pace, once another passage has come.

        Raises:
            Problem: 413, the rest cannot come in the time that is left.
        """
        if done < self._at_once:
            return
        now = monotonic()
        if self._first is None:
            self._first = now
        # What came after the first round tells the pace: the wait for a model that wakes is not of it.
        came = done - self._at_once
        early = now - self._began < LEAST_SHARE * (self._working.deadline - self._began)
        if early or came < LEAST_ROUNDS * self._at_once:
            return
        needed = (now - self._first) / came * (self._total - done)
        if needed > SLACK * (self._working.deadline - now):
            embedded = f"{self._told(done)} in {now - self._began:,.0f} seconds"
            raise self._refusal(f"{embedded}, and the others cannot be in what is left of the {self._time()}")

    def too_late(self, done: int) -> None:
        """Refuse a document whose time is over; one of which hardly a passage came may not be too long for it.

        Raises:
            Problem: 413.
        """
        if done >= LEAST_ROUNDS * self._at_once:
            raise self._refusal(f"{self._told(done)} within the {self._time()}")

    def _told(self, done: int) -> str:
        return f"{done:,} of the document's {self._total:,} passages were embedded"

    def _time(self) -> str:
        return f"{self._working.seconds + RESERVE_SECONDS:,.0f} seconds that a request has (gateway.timeout_seconds)"

    def _refusal(self, reason: str) -> Problem:
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{reason}. Divide the document, or raise it.")
