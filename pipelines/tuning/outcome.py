"""One model on the test examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.tuning.container import TuningError
from pipelines.tuning.examples import Example
from pipelines.tuning.gains import Figures, perplexity
from pipelines.tuning.general import General
from pipelines.tuning.intervals import Interval
from pipelines.tuning.metrics import Metric


@dataclass(frozen=True)
class Outcome:
    """What a model did.

    Attributes:
        loss: mean loss, as training lowers it: of an answer token, a token of a text (in nats), or a pair.
        losses: the same summed by record.
        figures: what the objective measured, by record.
        answers, scores: by example; of texts alone there are none.
        value: the metric's figure of all answers, or the perplexity of texts.
        general: the general questions, where they were asked.
    """

    loss: float
    losses: list[float]
    figures: Figures
    answers: list[str]
    scores: list[float]
    value: Interval
    general: General | None


def outcome_of(
    name: str,
    test: Sequence[Example],
    metric: Metric,
    figures: Figures,
    losses: list[float],
    weight: int,
    answers: list[str],
    general: General | None,
    seed: int,
) -> Outcome:
    """Work out a model's figures; `weight` is what the mean loss is a mean over.

    Raises:
        TuningError: its loss is no number.
    """
    loss = sum(losses) / weight
    if not math.isfinite(loss):
        raise TuningError(f"The {name} model's loss on the test examples is {loss}: its weights are broken.")
    references = [example.record.reference for example in test]
    scores = [metric.score(reference, answer) for reference, answer in zip(references, answers, strict=True)]
    value = metric.interval(references, answers, seed) if test else perplexity(figures, seed)
    return Outcome(loss, losses, figures, answers, scores, value, general)
