"""What two models answered to the same records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lambdas.shared import s3
from lambdas.shared.errors import EvaluationIncomplete, InvalidRecord
from lambdas.shared.fields import Fields
from lambdas.shared.metrics import Metric

REMEDY = "Start a new run; the predictions were changed or written incompletely."


@dataclass(frozen=True)
class Answered:
    """One test record and both answers; a refused record has an empty one."""

    record_id: str
    prompt: str
    reference: str
    base: str
    tuned: str


def answered(bucket: str, base_key: str, tuned_key: str) -> list[Answered]:
    """Join both models' predictions by record.

    Raises:
        EvaluationIncomplete: they did not answer the same records.
    """
    base, tuned = ({line.text("record_id"): line for line in _lines(bucket, key)} for key in (base_key, tuned_key))
    if base.keys() != tuned.keys():
        raise EvaluationIncomplete(
            f"The models answered different records, {len(base)} and {len(tuned)} of them",
            where=f"s3://{bucket}/{tuned_key}",
            remedy=REMEDY,
        )
    return [
        Answered(record_id, line.text("prompt"), line.text("reference"), _output(base[record_id]), _output(line))
        for record_id, line in tuned.items()
    ]


def _lines(bucket: str, key: str) -> Iterator[Fields]:
    for number, line in enumerate(s3.lines(bucket, key), start=1):
        where = f"s3://{bucket}/{key}, line {number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise InvalidRecord("A prediction is not JSON", where=where, remedy=REMEDY) from None
        yield Fields(value, where, InvalidRecord, REMEDY)


def _output(fields: Fields) -> str:
    """Give the answer, which may be empty: a model may have nothing to say."""
    value = fields.raw("output")
    if not isinstance(value, str):
        raise fields.complaint("The field 'output' must be a string")
    return value


def prediction_lines(metric: Metric, records: Sequence[Answered]) -> Iterator[dict[str, object]]:
    """Give what the predictions file holds, a line for each record, as the evaluation job writes it."""
    for record in records:
        yield {
            "record_id": record.record_id,
            "prompt": record.prompt,
            "reference": record.reference,
            "base": record.base,
            "tuned": record.tuned,
            "base_score": metric.score(record.reference, record.base),
            "tuned_score": metric.score(record.reference, record.tuned),
        }
