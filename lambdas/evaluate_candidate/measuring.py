"""Asking for every record with a few threads, and stopping in time to say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from lambdas.evaluate_candidate.asking import RecordRefused
from lambdas.shared.converse import Answer
from lambdas.shared.errors import FunctionError
from lambdas.shared.records import Record

# What is left to score, bootstrap and store when the last answer is in.
RESERVE_MILLIS = 20_000
NO_ANSWER = Answer("", 0, 0, 0.0)


class EvaluationTimedOut(FunctionError):
    """The sample is too large for the time that the function has."""


@dataclass(frozen=True)
class Outcome:
    """One record and what became of it; a refused record has an empty answer and scores 0."""

    record: Record
    answer: Answer
    refusal: str | None = None


class Deadline:
    """The time that Lambda leaves.

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


def measure(
    records: Sequence[Record],
    answer: Callable[[Record], Answer],
    *,
    concurrency: int,
    deadline: Deadline,
    on_progress: Callable[[int, int], None],
) -> list[Outcome]:
    """Ask for every record, `concurrency` at a time; give the outcomes in the records' order.

    Raises:
        EvaluationTimedOut: the deadline came first.
        CandidateNotAvailable: asking failed for good; what was not yet asked is not asked any more.
    """
    pool = ThreadPoolExecutor(concurrency)
    try:
        futures = [pool.submit(_outcome, record, answer) for record in records]
        pending: set[Future[Outcome]] = set(futures)
        while pending:
            finished, pending = wait(pending, timeout=deadline.seconds(), return_when=FIRST_COMPLETED)
            if not finished:
                raise deadline.missed(len(records) - len(pending))
            for future in finished:
                future.result()
            on_progress(len(records) - len(pending), len(records))
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(record: Record, answer: Callable[[Record], Answer]) -> Outcome:
    try:
        return Outcome(record, answer(record))
    except RecordRefused as refusal:
        return Outcome(record, NO_ANSWER, str(refusal))
