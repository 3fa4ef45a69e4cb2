"""The time that Lambda leaves, of which the end is kept for scoring and storing."""

from __future__ import annotations

from collections.abc import Callable

from lambdas.shared.errors import FunctionError

# What is left to score, bootstrap and store when the last answer is in: so much, and so much for each record.
RESERVE_MILLIS = 20_000
RESERVE_MILLIS_OF_RECORD = 10


class EvaluationTimedOut(FunctionError):
    """The time ran out; what was answered is kept, and the state machine goes on from there a few times."""


def reserve_millis(sample_size: int) -> int:
    """Give what is kept of the time for a sample of so many records.

    >>> [reserve_millis(size) for size in (64, 10_000)]
    [20640, 120000]
    """
    return RESERVE_MILLIS + RESERVE_MILLIS_OF_RECORD * sample_size


class Deadline:
    """When asking has to end.

    Args:
        remaining_millis: Lambda's own count-down.
        sample_size: how many records are asked and then scored.
    """

    def __init__(self, remaining_millis: Callable[[], int], sample_size: int) -> None:
        self._remaining_millis = remaining_millis
        self._sample_size = sample_size

    def seconds(self) -> float:
        """Give the seconds left for asking; 0 when there are none."""
        return max(0.0, (self._remaining_millis() - reserve_millis(self._sample_size)) / 1000)

    def missed(self, done: int) -> EvaluationTimedOut:
        """Build the error for a deadline that passed after `done` answers."""
        return EvaluationTimedOut(
            f"The function's time ran out after {done} of {self._sample_size} records",
            remedy="Lower selection.sample_size, or drop the slow candidate.",
        )
