"""One model on the test examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.tuning.batches import answer_tokens
from pipelines.tuning.container import TuningError
from pipelines.tuning.examples import Example
from pipelines.tuning.general import General
from pipelines.tuning.intervals import Interval
from pipelines.tuning.metrics import Metric


@dataclass(frozen=True)
class Outcome:
    """What a model did.

    Attributes:
        loss: mean negative log-likelihood of an answer token, in nats.
        losses: the same summed by example.
        answers, scores: by example.
        value: the metric's figure of all answers.
        general: the general questions, where they were asked.
    """

    loss: float
    losses: list[float]
    answers: list[str]
    scores: list[float]
    value: Interval
    general: General | None


def outcome_of(
    name: str,
    test: Sequence[Example],
    metric: Metric,
    losses: list[float],
    answers: list[str],
    general: General | None,
    seed: int,
) -> Outcome:
    """Work out a model's figures.

    Raises:
        TuningError: its loss is no number.
    """
    loss = sum(losses) / answer_tokens(test)
    if not math.isfinite(loss):
        raise TuningError(f"The {name} model's loss on the test examples is {loss}: its weights are broken.")
    references = [example.record.reference for example in test]
    scores = [metric.score(reference, answer) for reference, answer in zip(references, answers, strict=True)]
    return Outcome(loss, losses, answers, scores, metric.interval(references, answers, seed), general)
