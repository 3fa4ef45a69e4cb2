"""Judge the data that Bedrock would be given as Bedrock would, and write it as it takes it, before anything is sent.

The judgement is that of `fourfold check-data`: form of every line, the model's limits of records, tokens and bytes,
words that it reserves. Data that would be refused ends the run here, with the numbers of the lines.

Event: ``{"run"}``. Result: ``{"training_uri", "validation_uri": or null, "training_records", "validation_records",
"warnings": {reason: n}}``.
Errors: TrainingDataRefused, TrainingDataMissing.
Environment: CURATED_BUCKET, MODELS_BUCKET.
IAM: s3:ListBucket, s3:GetObject and kms:Decrypt on train and validation of the curated bucket, in Bedrock's formats;
s3:PutObject and kms:GenerateDataKey on customization/* of the models bucket.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from typing import BinaryIO

from lambdas.check_training_data.gathering import chosen_places, gather
from lambdas.shared import aws, environment, log, s3
from lambdas.shared.customization import Customization
from lambdas.shared.errors import FunctionError, InvalidEvent
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.run import Run, run_of
from pipelines.formats.check import check_set, verdict
from pipelines.formats.findings import Finding, Findings
from pipelines.formats.limits import limits_of
from pipelines.formats.outputs import LINE_OUTPUTS

# Bedrock measures the loss of the whole validation data after every epoch, and models that limit it take 1,000.
VALIDATION_RECORDS = 1_000
SHOWN = 20


class TrainingDataRefused(FunctionError):
    """Bedrock would refuse the data, or the job would fail over it."""


class TrainingDataMissing(FunctionError):
    """Preparation did not write the format that the model is trained on."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Check and write the training data of one run's customization."""
    run, _ = run_of(event)
    log.add(run_id=run.run_id)
    customization = _customization(run)
    curated, models = environment.required("CURATED_BUCKET"), environment.required("MODELS_BUCKET")
    with tempfile.TemporaryFile() as training_file, tempfile.TemporaryFile() as validation_file:
        training = _gather(curated, run, customization, "train", _most(run), training_file)
        validation = _gather(curated, run, customization, "validation", VALIDATION_RECORDS, validation_file)
        limits = limits_of(customization.base.model, training.format)
        used = limits is None or limits.validation_used
        of_the_whole = check_set(training, validation if used and validation.lines else None)
        s3.write_document(models, f"{_base(run)}/verdict.json", verdict(training, validation if used else None))
        _refuse(curated, [*of_the_whole, *training.listed, *validation.listed], training, validation)
        training_uri = _put(models, f"{_base(run)}/train.jsonl", training_file)
        validation_uri = None
        if used and validation.lines:
            validation_uri = _put(models, f"{_base(run)}/validation.jsonl", validation_file)
    return {
        "training_uri": training_uri,
        "validation_uri": validation_uri,
        "training_records": training.lines,
        "validation_records": validation.lines if validation_uri else 0,
        "warnings": {reason.value: count for reason, count in sorted((training.counts + validation.counts).items())},
    }


def _customization(run: Run) -> Customization:
    if run.customization is None:
        raise InvalidEvent("The run customizes nothing", remedy="Add tuning.bedrock to the settings and deploy.")
    return run.customization


def _base(run: Run) -> str:
    # Not under the run's own prefix, `run=…/`: Bedrock takes no address with a `=`.
    return f"customization/{run.run_id}"


def _most(run: Run) -> int:
    return int(run.tuning["MaxExamples"])


def _gather(bucket: str, run: Run, what: Customization, split: str, most: int, file: BinaryIO) -> Findings:
    prefix = f"{run.curated_prefix}{what.format}/{split}/"
    places = chosen_places(bucket, prefix, most)
    if not places and split == "train":
        raise TrainingDataMissing(
            f"There is no training data in the format {what.format}",
            where=f"s3://{bucket}/{prefix}",
            remedy=f"Add {what.format} to data.outputs, and start a new run.",
        )
    return gather(bucket, places, LINE_OUTPUTS[what.format].format, what.base.model, file)


def _refuse(bucket: str, found: Sequence[Finding], training: Findings, validation: Findings) -> None:
    against = [finding for finding in found if not finding.reason.warns]
    if not against:
        return
    counts: Counter[str] = Counter()
    for part in (training, validation):
        counts.update({reason.value: count for reason, count in part.counts.items() if not reason.warns})
    lines = "; ".join(_in_words(finding) for finding in against[:SHOWN])
    records = f" {sum(counts.values()):,} records: {_listed(counts)}." if counts else ""
    raise TrainingDataRefused(
        f"Bedrock would refuse the data.{records} {lines}",
        where=f"s3://{bucket}/",
        remedy=" ".join(dict.fromkeys(finding.remedy for finding in against)),
    )


def _in_words(finding: Finding) -> str:
    place = f"{finding.file}, line {finding.line}: " if finding.line else ""
    return f"{place}{finding.reason.value} ({finding.detail})"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in sorted(counts.items()))


def _put(bucket: str, key: str, file: BinaryIO) -> str:
    file.seek(0)
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=file, ContentType="application/x-ndjson")
    return f"s3://{bucket}/{key}"
