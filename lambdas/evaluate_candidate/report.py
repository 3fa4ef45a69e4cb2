"""The figures of one candidate out of its outcomes.

Result: ``{"index", "model", "model_id", "platform", "strategy", "metric", "value", "ci": [low, high], "level",
"resamples", "chance", "examples", "failed", "latency_ms_p50", "latency_ms_p95", "usd_per_1k_requests", "priced_by",
"input_tokens", "output_tokens"}``, with ``result_key`` and ``predictions_key`` added once stored. Latencies are over
answered requests. ``priced_by`` says whether the cost is of ``tokens``, or of the ``seconds`` that were measured.
``faithfulness`` is added for summaries, see `lambdas.shared.faithfulness`.
``similarity`` is added where summaries are embedded: ``{"model", "value", "ci", "usd"}``; ``retrieval`` for candidates
that retrieve, see `lambdas.evaluate_candidate.retrieved`; ``judge`` where a judge measured, see
`lambdas.evaluate_candidate.judging`.
``chance`` is what an answer scores that does not look at the text, see `lambdas.shared.chance`.
Stored only, and not handed to the workflow, whose documents are small: ``by_label`` for a classification, see
`lambdas.shared.by_label`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lambdas.evaluate_candidate.measuring import Outcome
from lambdas.shared.by_label import by_label
from lambdas.shared.errors import FunctionError
from lambdas.shared.figures import percentile, resamples_of
from lambdas.shared.metrics import Metric
from lambdas.shared.run import Candidate

# A model that refuses more than this share of the records has not been measured.
MAX_REFUSED_SHARE = 0.05


class CandidateFailed(FunctionError):
    """The model refused too many records for its figures to mean anything."""


def summary(
    candidate: Candidate, metric: Metric, outcomes: Sequence[Outcome], *, usd_of_searching: float = 0.0
) -> dict[str, object]:
    """Give the candidate's figures; a request costs the model's answer, and what searching for passages costs.

    Raises:
        CandidateFailed: too many records were refused.
    """
    refused = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    if len(refused) > MAX_REFUSED_SHARE * len(outcomes):
        raise CandidateFailed(
            f"{candidate.model} refused {len(refused)} of {len(outcomes)} records; the first: {refused[0]}",
            where=candidate.model_id,
            remedy="Correct or drop the candidate; where its prompts are too long, lower data.filters.max_words "
            "or show fewer examples.",
        )
    answers = [outcome.answer for outcome in outcomes if outcome.refusal is None]
    references, texts = _texts(outcomes)
    quality = metric.interval(references, texts)
    millis = [answer.seconds * 1000 for answer in answers]
    dollars = [candidate.price.usd(a.input_tokens, a.output_tokens, a.seconds) for a in answers]
    return {
        "index": candidate.index,
        "model": candidate.model,
        "model_id": candidate.model_id,
        "platform": candidate.platform,
        "strategy": candidate.strategy,
        "metric": metric.name,
        "value": round(quality.value, 6),
        "ci": [round(quality.low, 6), round(quality.high, 6)],
        "level": quality.level,
        "resamples": resamples_of(len(outcomes)),
        "examples": len(outcomes),
        "failed": len(refused),
        "latency_ms_p50": round(percentile(millis, 0.5), 3),
        "latency_ms_p95": round(percentile(millis, 0.95), 3),
        "usd_per_1k_requests": round(1000 * (sum(dollars) / len(dollars) + usd_of_searching), 6),
        "priced_by": candidate.price.basis,
        "input_tokens": sum(answer.input_tokens for answer in answers),
        "output_tokens": sum(answer.output_tokens for answer in answers),
    }


def by_label_of(labels: Sequence[str], outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Give how well each label is told from the others; nothing without labels. A refused record got none."""
    return {"by_label": by_label(labels, *_texts(outcomes))} if labels else {}


def _texts(outcomes: Sequence[Outcome]) -> tuple[list[str], list[str | None]]:
    return [o.record.reference for o in outcomes], [o.answer.text if o.refusal is None else None for o in outcomes]


def score(metric: Metric, outcome: Outcome) -> float:
    """Give what the answer scores; a refused record scores 0."""
    return 0.0 if outcome.refusal is not None else metric.score(outcome.record.reference, outcome.answer.text)


def prediction_lines(metric: Metric, outcomes: Sequence[Outcome]) -> Iterator[dict[str, object]]:
    """Give what the predictions file holds, a line for each record."""
    for outcome in outcomes:
        line: dict[str, object] = {
            "record_id": outcome.record.record_id,
            "prompt": outcome.record.prompt,
            "reference": outcome.record.reference,
            "output": outcome.answer.text,
            "score": round(score(metric, outcome), 6),
            "latency_ms": round(outcome.answer.seconds * 1000, 1),
        }
        if outcome.refusal is not None:
            line["refusal"] = outcome.refusal
        yield line
