"""Asking for every record with a few threads, and stopping in time to say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from lambdas.evaluate_candidate.asking import RecordRefused
from lambdas.evaluate_candidate.deadline import Deadline
from lambdas.shared.converse import Answer
from lambdas.shared.records import Record

NO_ANSWER = Answer("", 0, 0, 0.0)
Item = TypeVar("Item")
Made = TypeVar("Made")


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
    """Ask for every record, `concurrency` at a time; give the outcomes in the records' order; raises as `for_each`."""
    return for_each(
        records,
        lambda record: _outcome(record, answer),
        concurrency=concurrency,
        deadline=deadline,
        on_progress=on_progress,
    )


def for_each(
    items: Sequence[Item],
    work: Callable[[Item], Made],
    *,
    concurrency: int,
    deadline: Deadline,
    on_progress: Callable[[int, int], None],
) -> list[Made]:
    """Do a piece of work for every item, `concurrency` at a time; give what came of it in the items' order.

    Raises:
        EvaluationTimedOut: the deadline came first.
        CandidateNotAvailable: asking failed for good; what was not yet asked is not asked any more.
    """
    pool = ThreadPoolExecutor(concurrency)
    try:
        futures = [pool.submit(work, item) for item in items]
        pending: set[Future[Made]] = set(futures)
        while pending:
            finished, pending = wait(pending, timeout=deadline.seconds(), return_when=FIRST_COMPLETED)
            if not finished:
                raise deadline.missed(len(items) - len(pending))
            for future in finished:
                future.result()
            on_progress(len(items) - len(pending), len(items))
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(record: Record, answer: Callable[[Record], Answer]) -> Outcome:
    try:
        return Outcome(record, answer(record))
    except RecordRefused as refusal:
        return Outcome(record, NO_ANSWER, str(refusal))
