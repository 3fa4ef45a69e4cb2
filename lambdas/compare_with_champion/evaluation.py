"""What the pipeline's evaluation wrote about one run: its report, and every prediction with its score.

Scores are computed here from the texts, so that all models of a comparison are measured by one implementation;
a report whose figures differ from the predictions is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from lambdas.shared import s3
from lambdas.shared.errors import EvaluationIncomplete, InvalidRecord
from lambdas.shared.fields import Fields
from lambdas.shared.figures import Interval
from lambdas.shared.metrics import Metric, metric_named
from lambdas.shared.run import Run

PASSED = "passed"
MINIMUM_RECORDS = 5
# The report's figures are rounded; more than this apart, they are not of these predictions.
TOLERANCE = 0.005
REMEDY = "Start a new run; the evaluation's files were changed or written incompletely."


@dataclass(frozen=True)
class Prediction:
    """One test record with what the base and the tuned model answered, and the model in use where it was asked."""

    record_id: str
    prompt: str
    reference: str
    base: str
    tuned: str
    champion: str | None = None


@dataclass(frozen=True)
class Evaluation:
    """The report's figures, and the predictions by record id.

    Losses are None where the tuned model answers on Bedrock, which tells none of a base model.

    Attributes:
        difference: tuned minus base.
        champion_difference: tuned minus the model in use, where the evaluation asked that too.
        undecided: what the gate could not tell, in words.
    """

    metric: Metric
    base_loss: float | None
    tuned_loss: float | None
    loss_reduction: float | None
    base_value: float
    difference: Interval
    champion_difference: Interval | None
    undecided: list[str]
    predictions: dict[str, Prediction]


def read_evaluation(bucket: str, run: Run) -> Evaluation:
    """Read and cross-check the evaluation of a run.

    Raises:
        EvaluationIncomplete: a figure or prediction is missing, or they do not fit each other.
    """
    key = f"{run.models_prefix}evaluation/evaluation.json"
    where = f"s3://{bucket}/{key}"
    document, _ = s3.document(bucket, key, EvaluationIncomplete)
    report = Fields(document, where, EvaluationIncomplete, REMEDY)
    gate = report.fields("gate")
    if (verdict := gate.text("verdict")) != PASSED:
        raise report.complaint(f"The quality gate's verdict is {verdict!r}, and nothing of it may be deployed")
    if report.text("metric") != run.metric:
        raise report.complaint(f"The metric is {report.text('metric')} and the run's is {run.metric}")
    base, tuned = report.fields("base"), report.fields("tuned")
    predictions = {p.record_id: p for p in read_predictions(bucket, run.run_id)}
    count = report.integer("examples", minimum=MINIMUM_RECORDS)
    if len(predictions) != count:
        raise report.complaint(f"It counts {count} examples and there are {len(predictions)} predictions")
    metric = metric_named(run.metric, report.texts("labels") if "labels" in report else ())
    references = [p.reference for p in predictions.values()]
    recomputed = metric.value(references, [p.tuned for p in predictions.values()])
    _agree(report, run.metric, tuned.number(run.metric), recomputed)
    difference = _difference(report.fields("difference"))
    gained = recomputed - metric.value(references, [p.base for p in predictions.values()])
    _agree(report, f"a difference in {run.metric} of", difference.value, gained)
    rival = _champion_difference(report, metric, references, list(predictions.values()))
    measured = run.tuning_service != "bedrock"
    return Evaluation(
        metric=metric,
        base_loss=base.number("loss", minimum=0) if measured else None,
        tuned_loss=tuned.number("loss", minimum=0) if measured else None,
        loss_reduction=report.number("loss_reduction") if measured else None,
        base_value=base.number(run.metric, minimum=0, maximum=1),
        difference=difference,
        champion_difference=rival,
        undecided=gate.texts("notes") if "notes" in gate else [],
        predictions=predictions,
    )


def _champion_difference(
    report: Fields, metric: Metric, references: list[str], predictions: list[Prediction]
) -> Interval | None:
    if "champion" not in report or "difference" not in report.fields("champion"):
        return None
    answers = [p.champion for p in predictions]
    if None in answers:
        raise report.complaint("It compares with the model in use, and predictions lack its answers")
    difference = _difference(report.fields("champion").fields("difference"))
    gained = metric.value(references, [p.tuned for p in predictions]) - metric.value(references, answers)
    _agree(report, "a difference from the model in use of", difference.value, gained)
    return difference


def _agree(report: Fields, what: str, given: float, recomputed: float) -> None:
    if abs(recomputed - given) > TOLERANCE:
        raise report.complaint(f"It gives {what} {given} and the predictions give {recomputed:.4f}")


def _difference(fields: Fields) -> Interval:
    value, level = fields.number("value"), fields.number("level", minimum=0, maximum=1)
    low, high = fields.numbers("ci", 2)
    return Interval(value, low, high, level)


def read_predictions(bucket: str, run_id: str) -> Iterator[Prediction]:
    """Stream the predictions of a run's evaluation."""
    key = predictions_key(run_id)
    for number, line in enumerate(s3.lines(bucket, key), start=1):
        where = f"s3://{bucket}/{key}, line {number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise InvalidRecord("A prediction is not JSON", where=where, remedy=REMEDY) from None
        fields = Fields(value, where, InvalidRecord, REMEDY)
        yield Prediction(
            fields.text("record_id"),
            fields.text("prompt"),
            fields.text("reference"),
            _answer(fields, "base"),
            _answer(fields, "tuned"),
            _answer(fields, "champion") if "champion" in fields else None,
        )


def predictions_key(run_id: str) -> str:
    """Where a run's predictions lie in the models bucket."""
    return f"run={run_id}/evaluation/predictions.jsonl"


def _answer(fields: Fields, name: str) -> str:
    """Give a model's answer, which may be empty: a model may have nothing to say."""
    value = fields.raw(name)
    if not isinstance(value, str):
        raise fields.complaint(f"The field {name!r} must be a string")
    return value
