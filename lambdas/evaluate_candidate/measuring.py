"""Asking for every record with a few threads, and stopping in time to say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from lambdas.evaluate_candidate.asking import RecordRefused
from lambdas.evaluate_candidate.deadline import Deadline
from lambdas.shared.converse import Answer
from lambdas.shared.records import Record

NO_ANSWER = Answer("", 0, 0, 0.0)


@dataclass(frozen=True)
class Outcome:
    """One record and what became of it; a refused record has an empty answer and scores 0."""

    record: Record
    answer: Answer
    refusal: str | None = None


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
