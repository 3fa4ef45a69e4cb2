"""The time that Lambda leaves, of which the end is kept for scoring and storing."""

from __future__ import annotations

from collections.abc import Callable

from lambdas.shared.errors import FunctionError

# What is left to score, bootstrap and store when the last answer is in.
RESERVE_MILLIS = 20_000


class EvaluationTimedOut(FunctionError):
    """The time ran out; what was answered is kept, and the state machine goes on from there a few times."""


class Deadline:
    """When asking has to end.

    Args:
        remaining_millis: Lambda's own count-down.
        sample_size: what was asked for, for the message.
    """

    def __init__(self, remaining_millis: Callable[[], int], sample_size: int) -> None:
        self._remaining_millis = remaining_millis
        self._sample_size = sample_size

    def seconds(self) -> float:
        """Give the seconds left for asking; 0 when there are none."""
        return max(0.0, (self._remaining_millis() - RESERVE_MILLIS) / 1000)

    def missed(self, done: int) -> EvaluationTimedOut:
        """Build the error for a deadline that passed after `done` answers."""
        return EvaluationTimedOut(
            f"The function's time ran out after {done} of {self._sample_size} records",
            remedy="Lower selection.sample_size, or drop the slow candidate.",
        )
