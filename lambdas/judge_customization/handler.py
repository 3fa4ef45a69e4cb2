"""Hold a customized model against its base model and the floor, and write the evaluation as the SageMaker branch does.

Both models have answered the same test records, each through Converse. The gate is closed unless the customized one
surely reaches the floor and is surely better than its base. The report has no losses: Bedrock tells none of a base
model.

Event: ``{"run", "results": [base's, customized model's]}``, as `evaluate_candidate` gives them.
Result: ``{"metric", "value", "base", "difference", "ci": [low, high], "examples", "evaluation_key"}``.
Errors: QualityGateFailed, EvaluationIncomplete, InvalidRecord.
Environment: CURATED_BUCKET, MODELS_BUCKET.
IAM: s3:ListBucket, s3:GetObject and kms:Decrypt on train of the curated bucket and run=*/customization/* of the models
bucket; s3:PutObject and kms:GenerateDataKey on run=*/evaluation/* there.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.judge_customization.answers import Answered, answered, prediction_lines
from lambdas.judge_customization.gate import Verdict, judged
from lambdas.shared import environment, log, s3
from lambdas.shared.by_label import by_label
from lambdas.shared.chance import chance
from lambdas.shared.errors import EvaluationIncomplete, FunctionError
from lambdas.shared.fields import Fields
from lambdas.shared.figures import Interval
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.labels import labels_of_records
from lambdas.shared.metrics import CLASSIFICATION, Metric, metric_named
from lambdas.shared.records import read_split
from lambdas.shared.run import Run, run_of
from lambdas.shared.split import FEWEST_TESTED, Short

# Labels are those of this many records, as for the candidates.
LABEL_POOL = 20_000


class QualityGateFailed(FunctionError):
    """The customized model is not good enough, or no better than its base model."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Judge one run's customized model."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    curated, models = environment.required("CURATED_BUCKET"), environment.required("MODELS_BUCKET")
    records = _both(models, run, fields)
    labels = _labels(curated, run)
    metric = metric_named(run.metric, labels)
    report = report_of(metric, labels, records)
    base = f"{run.models_prefix}evaluation"
    s3.write_lines(models, f"{base}/predictions.jsonl", prediction_lines(metric, records))
    # Last, as the SageMaker branch does: whoever sees the report finds the predictions too.
    verdict = judged(
        metric.name,
        base=report.base,
        tuned=report.tuned,
        difference=report.difference,
        blind=chance(metric, [record.reference for record in records], labels),
        floor=run.floor,
    )
    s3.write_document(models, f"{base}/evaluation.json", {**report.document, "gate": verdict.document})
    _refuse(verdict, f"s3://{models}/{base}/")
    return {
        "metric": metric.name,
        "value": report.tuned.value,
        "base": report.base,
        "difference": report.difference.value,
        "ci": [report.difference.low, report.difference.high],
        "examples": len(records),
        "evaluation_key": f"{base}/evaluation.json",
    }


@dataclass(frozen=True)
class Report:
    """The figures of both models on the same records.

    Attributes:
        base_by_label, tuned_by_label: the field of the labels' own figures; empty without labels.
    """

    metric: str
    labels: tuple[str, ...]
    examples: int
    base: float
    tuned: Interval
    difference: Interval
    base_by_label: dict[str, object]
    tuned_by_label: dict[str, object]

    @property
    def document(self) -> dict[str, object]:
        """The report as the SageMaker branch's evaluation writes it, but for the losses."""
        difference = self.difference
        return {
            "metric": self.metric,
            "labels": list(self.labels),
            "examples": self.examples,
            "base": {"value": self.base, self.metric: self.base, **self.base_by_label},
            "tuned": {
                "value": self.tuned.value,
                self.metric: self.tuned.value,
                "ci": [self.tuned.low, self.tuned.high],
                **self.tuned_by_label,
            },
            "difference": {
                "value": difference.value,
                "ci": [difference.low, difference.high],
                "level": difference.level,
            },
        }


def report_of(metric: Metric, labels: tuple[str, ...], records: Sequence[Answered]) -> Report:
    """Measure both models."""
    references = [record.reference for record in records]
    base, tuned = [record.base for record in records], [record.tuned for record in records]
    return Report(
        metric.name,
        labels,
        len(records),
        metric.value(references, base),
        metric.interval(references, tuned),
        metric.difference(references, tuned, base),
        _by_label(labels, references, base),
        _by_label(labels, references, tuned),
    )


def _by_label(labels: tuple[str, ...], references: Sequence[str], answers: Sequence[str]) -> dict[str, object]:
    return {"by_label": by_label(labels, references, answers)} if labels else {}


def _both(bucket: str, run: Run, fields: Fields) -> list[Answered]:
    results = fields.items("results")
    if len(results) != 2:
        raise fields.complaint("There have to be two results, the base model's and the customized model's")
    records = answered(bucket, *(result.text("predictions_key") for result in results))
    if len(records) < FEWEST_TESTED:
        raise EvaluationIncomplete(
            f"{len(records)} test records were answered by both models and {FEWEST_TESTED} are needed",
            where=f"s3://{bucket}/",
            remedy=_more(run, len(records)),
        )
    return records


def _more(run: Run, count: int) -> str:
    """Say what to set so that enough test records are asked: `tuning.test_examples` says how many are at most."""
    if count < int(run.tuning["TestExamples"]):
        return run.remedy(Short("test", count, FEWEST_TESTED))
    return f"Set tuning.test_examples to {FEWEST_TESTED} or more: so many test records are asked at most."


def _labels(bucket: str, run: Run) -> tuple[str, ...]:
    if run.task_kind != CLASSIFICATION:
        return ()
    pool = itertools.islice(read_split(bucket, run.curated_prefix, "train"), LABEL_POOL)
    return labels_of_records(pool)


def _refuse(verdict: Verdict, where: str) -> None:
    if verdict.reasons:
        raise QualityGateFailed(
            f"The customized model may not be deployed: {'; '.join(verdict.reasons)}",
            where=where,
            remedy="Train on more or better examples, for more epochs, or customize a larger model; what is deployed "
            "stays as it is.",
        )
