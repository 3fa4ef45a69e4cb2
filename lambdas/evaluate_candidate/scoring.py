"""What a candidate's answers are worth: the metric of the run, and what is told beside it.

Two metrics ask a model themselves: how near an answer's embedding is to the target's, and which of the two a judge
prefers. What that costs is told apart from what the candidate costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lambdas.evaluate_candidate import judging
from lambdas.evaluate_candidate.deadline import Deadline
from lambdas.evaluate_candidate.measuring import Outcome
from lambdas.evaluate_candidate.vectors import Vectors
from lambdas.evaluate_candidate.verdicts import Comparison
from lambdas.shared.chance import chance
from lambdas.shared.embedding import COMPARISON, cosine
from lambdas.shared.errors import InvalidEvent
from lambdas.shared.faithfulness import faithfulness
from lambdas.shared.figures import mean
from lambdas.shared.measuring import EmbeddingModel, Judge
from lambdas.shared.metrics import EMBEDDING_SIMILARITY, JUDGE, SUMMARIZATION, MeanMetric, Metric, metric_named
from lambdas.shared.prompts import text_of
from lambdas.shared.run import Run

# Blind answers are judged on so many records: each costs two requests.
JUDGED_BLIND = 8


@dataclass(frozen=True)
class Means:
    """What scoring works with.

    Attributes:
        bucket: the models bucket.
        vectors: of the embedding model, where the run has one.
        invocation: the id of the function's invocation.
    """

    bucket: str
    vectors: Vectors | None
    invocation: str
    deadline: Deadline
    concurrency: int


def scored(
    run: Run, labels: Sequence[str], outcomes: Sequence[Outcome], means: Means
) -> tuple[Metric, dict[str, object]]:
    """Give the run's metric, ready for these outcomes, and the figures that stand beside it in the result.

    Raises:
        JudgeFailed: the judge gave no verdict on too many answers.
        JudgeNotTrusted: it has not been tried.
    """
    references = [outcome.record.reference for outcome in outcomes]
    beside: dict[str, object] = {}
    if run.task_kind == SUMMARIZATION:
        beside["faithfulness"] = _faithfulness(run, outcomes)
    similarity = None
    if run.task_kind == SUMMARIZATION and run.embeddings and means.vectors:
        similarity = _similarity(means.vectors, outcomes, means.concurrency)
        beside["similarity"] = _similarity_figures(run.embeddings, similarity, outcomes, means.vectors)
    if run.metric == JUDGE:
        metric, judged, blind = _judged(run, outcomes, means)
        return metric, {**beside, "judge": judged, "chance": blind}
    if run.metric == EMBEDDING_SIMILARITY:
        if similarity is None:
            raise _lacks("an embedding model", "embeddings")
        found: Metric = similarity
    else:
        found = metric_named(run.metric, labels)
    return found, {**beside, "chance": round(chance(found, references, labels), 6)}


def _faithfulness(run: Run, outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    return faithfulness(
        [(text_of(o.record.prompt, run.instruction), o.answer.text) for o in outcomes if o.refusal is None]
    )


def _similarity(vectors: Vectors, outcomes: Sequence[Outcome], concurrency: int) -> MeanMetric:
    """The cosine between answer and target, 0 where it is negative or there is no answer."""
    vectors.of_all(_compared(outcomes), COMPARISON, concurrency)

    def score(reference: str, answer: str) -> float:
        if not answer.strip():
            return 0.0
        return min(1.0, max(0.0, cosine(vectors.of(reference, COMPARISON), vectors.of(answer, COMPARISON))))

    return MeanMetric(EMBEDDING_SIMILARITY, score)


def _compared(outcomes: Sequence[Outcome]) -> list[str]:
    answers = [o.answer.text for o in outcomes if o.answer.text.strip()]
    return [*(outcome.record.reference for outcome in outcomes), *answers]


def _similarity_figures(
    model: EmbeddingModel, metric: MeanMetric, outcomes: Sequence[Outcome], vectors: Vectors
) -> dict[str, object]:
    answers = [o.answer.text if o.refusal is None else None for o in outcomes]
    found = metric.interval([outcome.record.reference for outcome in outcomes], answers)
    return {
        "model": model.model,
        "value": round(found.value, 6),
        "ci": [round(found.low, 6), round(found.high, 6)],
        "usd": round(vectors.usd(_compared(outcomes), COMPARISON, model.price), 6),
    }


def _judged(run: Run, outcomes: Sequence[Outcome], means: Means) -> tuple[Metric, dict[str, object], float]:
    """Give the metric of the judge's verdicts, what is told of it, and what blind answers score."""
    judge = run.judge
    if judge is None:
        raise _lacks("a judge", "judge")
    trial = judging.trusted(judge, run, means.bucket)
    compare = partial(_compare, judge, run, means)
    pairs = judging.pairs_of(outcomes)
    found = compare(pairs)
    judging.check_judged(judge, found)
    scores: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for (_, answer, reference), comparison in zip(pairs, found, strict=True):
        scores[reference, answer].append(comparison.score or 0.0)
    told = judging.figures(judge, found)
    records = [outcome.record for outcome in outcomes[:JUDGED_BLIND]]
    shifted = [*records[1:], *records[:1]]
    blind = compare([(r.prompt, other.reference, r.reference) for r, other in zip(records, shifted, strict=True)])
    # Only pairs of this very evaluation are asked for.
    metric = MeanMetric(JUDGE, lambda reference, answer: mean(scores[reference, answer]))
    return metric, {**trial, **told}, round(mean([comparison.score or 0.0 for comparison in blind]), 6)


def _compare(judge: Judge, run: Run, means: Means, pairs: Sequence[tuple[str, str, str]]) -> list[Comparison]:
    return judging.compared(judge, pairs, run, means.bucket, means.invocation, means.deadline, means.concurrency)


def _lacks(what: str, setting: str) -> InvalidEvent:
    return InvalidEvent(f"The metric needs {what}, and the run has none", remedy=f"Set selection.{setting}.")
