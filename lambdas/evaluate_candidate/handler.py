"""Measure one candidate on held-out records: quality with its confidence interval, latency, and cost.

Every candidate of a run answers the same records of the validation split; few-shot examples and labels come from
train. Answers and result are kept: whoever evaluates a candidate of a run again asks only for what is not there.

Event: ``{"run", "candidate"}``. Result: see `lambdas.evaluate_candidate.report`.
Errors: CandidateNotAvailable, CandidateFailed, EvaluationTimedOut, TooFewRecords, InvalidRecord, NotLabels.
Environment: CURATED_BUCKET, MODELS_BUCKET, CONCURRENCY (default 2), SPLIT (default validation), RESULTS (default
candidates). A customized model and its base are measured by a function of their own, on test.
IAM: s3:ListBucket on both buckets; s3:GetObject and kms:Decrypt on train and the split of the curated one and on
run=*/<results>/* of the models one; s3:PutObject and kms:GenerateDataKey there; bedrock:InvokeModel on the
candidates' models and inference profiles.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial

from lambdas.evaluate_candidate.answers import KeptAnswers
from lambdas.evaluate_candidate.asking import BedrockModel
from lambdas.evaluate_candidate.chance import chance
from lambdas.evaluate_candidate.deadline import Deadline
from lambdas.evaluate_candidate.known import digest, known_result
from lambdas.evaluate_candidate.measuring import Outcome, measure
from lambdas.evaluate_candidate.report import prediction_lines, summary
from lambdas.evaluate_candidate.showing import examples_of
from lambdas.shared import environment, log, s3
from lambdas.shared.converse import Answer
from lambdas.shared.errors import TooFewRecords
from lambdas.shared.examples import Examples
from lambdas.shared.extractive import best_sentence
from lambdas.shared.faithfulness import faithfulness
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.labels import labels_of
from lambdas.shared.metrics import CLASSIFICATION, SUMMARIZATION, metric_named
from lambdas.shared.prompts import text_of
from lambdas.shared.records import Record, read_split, sample
from lambdas.shared.run import EXTRACTIVE, Candidate, Run, parse_candidate, run_of

# Below this many records a confidence interval says nothing.
MINIMUM_RECORDS = 5
# Labels are those of this many records.
LABEL_POOL = 20_000


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:
    """Measure the candidate and write the result and every prediction to the models bucket."""
    run, fields = run_of(event)
    candidate = parse_candidate(fields.fields("candidate"))
    log.add(run_id=run.run_id, candidate=candidate.name)
    bucket = environment.required("CURATED_BUCKET")
    models_bucket = environment.required("MODELS_BUCKET")
    concurrency = environment.integer("CONCURRENCY", minimum=1, maximum=64, default=2)

    base = f"{run.models_prefix}{environment.text('RESULTS', default='candidates')}/{candidate.name}"
    records = _held_out(bucket, run, environment.text("SPLIT", default="validation"))
    examples = examples_of(bucket, run, candidate)
    labels = _labels(bucket, run)
    decides = digest(run, candidate, records, examples, labels)
    if known := known_result(models_bucket, f"{base}.json", decides):
        return known
    metric = metric_named(run.metric, labels)
    deadline = Deadline(context.get_remaining_time_in_millis, len(records))
    progress = partial(log.progress, "evaluate", unit="examples", model=candidate.model, strategy=candidate.strategy)
    about = f"{candidate.model_id} {run.max_output_tokens}"
    with KeptAnswers(models_bucket, f"{base}.answers/", about, context.aws_request_id) as kept:
        if kept.count:
            log.info("Answers of an earlier attempt are there", answers=kept.count)
        answer = _answerer(run, candidate, examples, kept, deadline)
        outcomes = measure(records, answer, concurrency=concurrency, deadline=deadline, on_progress=progress)
    result = {
        **summary(candidate, metric, outcomes),
        **_faithful(run, outcomes),
        "chance": round(chance(metric, [record.reference for record in records], labels), 6),
        "result_key": f"{base}.json",
        "predictions_key": f"{base}.predictions.jsonl",
    }
    s3.write_lines(models_bucket, f"{base}.predictions.jsonl", prediction_lines(metric, outcomes))
    # Last: where the result is, everything is.
    stored = {**result, "run_id": run.run_id, "of": decides, **examples.document()}
    s3.write_document(models_bucket, f"{base}.json", stored)
    return result


def _faithful(run: Run, outcomes: list[Outcome]) -> dict[str, object]:
    """Give how faithful the answers are where they are summaries; other answers need not be drawn from the text."""
    if run.task_kind != SUMMARIZATION:
        return {}
    pairs = [(text_of(o.record.prompt, run.instruction), o.answer.text) for o in outcomes if o.refusal is None]
    return {"faithfulness": faithfulness(pairs)}


def _held_out(bucket: str, run: Run, split: str) -> list[Record]:
    records = sample(read_split(bucket, run.curated_prefix, split), run.sample_size)
    if len(records) < MINIMUM_RECORDS:
        raise TooFewRecords(
            f"The {split} split holds {len(records)} records and {MINIMUM_RECORDS} are needed",
            where=f"s3://{bucket}/{run.curated_prefix}{split}/",
            remedy=f"Add data, or enlarge data.split.{split}.",
        )
    return records


def _labels(bucket: str, run: Run) -> tuple[str, ...]:
    if run.task_kind != CLASSIFICATION:
        return ()
    return labels_of(
        record.reference for record in itertools.islice(read_split(bucket, run.curated_prefix, "train"), LABEL_POOL)
    )


def _answerer(
    run: Run, candidate: Candidate, examples: Examples, kept: KeptAnswers, deadline: Deadline
) -> Callable[[Record], Answer]:
    if candidate.strategy == EXTRACTIVE:
        return lambda record: _extract(text_of(record.prompt, run.instruction))
    model = BedrockModel(candidate.model, candidate.model_id, run.max_output_tokens, deadline.seconds)
    return lambda record: kept.ask(record.record_id, [*examples.turns_for(record.prompt), *record.turns], model.answer)


def _extract(text: str) -> Answer:
    started = time.perf_counter()
    sentence = best_sentence(text)
    return Answer(sentence, 0, 0, time.perf_counter() - started)
