"""Measure one candidate on held-out records: quality with its confidence interval, latency, and cost.

Every candidate of a run answers the same records of the validation split; few-shot examples and labels come from
train, passages from the documents of the settings. Answers and result are kept: whoever evaluates a candidate of a run
again asks only for what is not there. The labels of a classification are kept beside them, for the gateway.

Event: ``{"run", "candidate"}``; the result: see `lambdas.evaluate_candidate.report`. Or ``{"run", "candidate": null}``,
which tries the run's judge on planted pairs; the result: see `lambdas.evaluate_candidate.judging.validate`.
Errors: CandidateNotAvailable, CandidateFailed, EvaluationTimedOut, TooFewRecords, InvalidRecord, NotLabels,
InvalidDocuments, JudgeNotTrusted, JudgeFailed.
Environment: CURATED_BUCKET, MODELS_BUCKET, CONCURRENCY (default 2), SPLIT (default validation), RESULTS (default
candidates); RAW_BUCKET where a candidate retrieves. A customized model and its base have a function of their own.
IAM: s3:ListBucket on the buckets; s3:GetObject and kms:Decrypt on train and validation of the curated one, on
the documents' folder of the raw one and on run=*/candidates/* of the models one; s3:PutObject and kms:GenerateDataKey
there; bedrock:InvokeModel on the models and inference profiles of candidates, embedding model and judge.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from lambdas.evaluate_candidate import judging
from lambdas.evaluate_candidate.answers import KeptAnswers
from lambdas.evaluate_candidate.asking import BedrockEmbedder, BedrockModel
from lambdas.evaluate_candidate.deadline import Deadline
from lambdas.evaluate_candidate.known import digest, known_result
from lambdas.evaluate_candidate.measuring import Outcome, measure
from lambdas.evaluate_candidate.planted import PAIRS
from lambdas.evaluate_candidate.report import by_label_of, prediction_lines, summary
from lambdas.evaluate_candidate.retrieved import searching
from lambdas.evaluate_candidate.scoring import Means, scored
from lambdas.evaluate_candidate.showing import examples_of
from lambdas.evaluate_candidate.vectors import Vectors
from lambdas.shared import environment, log, s3
from lambdas.shared.converse import Answer
from lambdas.shared.errors import InvalidEvent, TooFewRecords
from lambdas.shared.examples import Examples
from lambdas.shared.extractive import best_sentence
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.labels import as_written, labels_of_records
from lambdas.shared.metrics import CLASSIFICATION, Metric
from lambdas.shared.prompts import text_of
from lambdas.shared.records import Record, read_split, sample
from lambdas.shared.run import EXTRACTIVE, Candidate, Run, parse_candidate, run_of
from lambdas.shared.split import FEWEST_MEASURED, Short

# Labels are those of this many records.
LABEL_POOL = 20_000


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:
    """Measure the candidate and write the result and every prediction to the models bucket; or try the judge."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    if "candidate" in fields:
        return _evaluate(run, parse_candidate(fields.fields("candidate"), unpriced=True), context)
    if run.judge is None:
        raise InvalidEvent("Neither a candidate nor a judge is there to be tried", remedy="Pass the candidate.")
    deadline = Deadline(context.get_remaining_time_in_millis, len(PAIRS))
    bucket = environment.required("MODELS_BUCKET")
    return judging.validate(run.judge, run, bucket, context.aws_request_id, deadline, _concurrency()).as_dict()


def _evaluate(run: Run, candidate: Candidate, context: Context) -> dict[str, object]:
    log.add(candidate=candidate.name)
    bucket = environment.required("CURATED_BUCKET")
    models_bucket = environment.required("MODELS_BUCKET")
    records = _held_out(bucket, run, environment.optional("SPLIT") or "validation")
    deadline = Deadline(context.get_remaining_time_in_millis, len(records))
    with ExitStack() as stack:
        vectors = _vectors(run, models_bucket, deadline, context)
        if vectors is not None:
            stack.enter_context(vectors)
        means = Means(models_bucket, vectors, context.aws_request_id, deadline, _concurrency())
        examples = examples_of(bucket, run, candidate, vectors)
        labels = _labels(bucket, run, models_bucket)
        decides = digest(run, candidate, records, examples, labels)
        if known := known_result(models_bucket, f"{_base(run, candidate)}.json", decides):
            return known
        outcomes = _outcomes(run, candidate, examples, records, means)
        metric, beside = scored(run, labels, outcomes, means)
        found = searching(run, candidate, examples, records, vectors)
        figures = summary(candidate, metric, outcomes, usd_of_searching=found.usd_per_request)
    unshown = {"run_id": run.run_id, "of": decides, **examples.document(), **by_label_of(labels, outcomes)}
    return _stored(run, candidate, {**figures, **beside, **found.document()}, unshown, metric, outcomes)


def _base(run: Run, candidate: Candidate) -> str:
    """Give what the keys of everything about a candidate begin with."""
    return f"{_results(run)}{candidate.name}"


def _results(run: Run) -> str:
    return f"{run.models_prefix}{environment.optional('RESULTS') or 'candidates'}/"


def _outcomes(run: Run, candidate: Candidate, examples: Examples, records: list[Record], means: Means) -> list[Outcome]:
    """Ask for what is not kept, and give what became of every record."""
    progress = partial(log.progress, "evaluate", unit="examples", model=candidate.model, strategy=candidate.strategy)
    about = f"{candidate.model_id} {run.max_output_tokens}"
    with KeptAnswers(means.bucket, f"{_base(run, candidate)}.answers/", about, means.invocation) as kept:
        if kept.count:
            log.info("Answers of an earlier attempt are there", answers=kept.count)
        answer = _answerer(run, candidate, examples, kept, means.deadline)
        return measure(records, answer, concurrency=means.concurrency, deadline=means.deadline, on_progress=progress)


def _stored(
    run: Run,
    candidate: Candidate,
    figures: dict[str, object],
    unshown: dict[str, object],
    metric: Metric,
    outcomes: list[Outcome],
) -> dict[str, object]:
    """Write the predictions, and last the result with what the workflow is not shown: where it is, everything is."""
    bucket, base = environment.required("MODELS_BUCKET"), _base(run, candidate)
    result = {**figures, "result_key": f"{base}.json", "predictions_key": f"{base}.predictions.jsonl"}
    s3.write_lines(bucket, f"{base}.predictions.jsonl", prediction_lines(metric, outcomes))
    s3.write_document(bucket, f"{base}.json", {**result, **unshown})
    return result


def _concurrency() -> int:
    return environment.integer("CONCURRENCY", minimum=1, maximum=64, default=2)


def _vectors(run: Run, bucket: str, deadline: Deadline, context: Context) -> Vectors | None:
    """Give the run's embeddings, those that are kept among them; None where it has no model for them."""
    model = run.embeddings
    if model is None:
        return None
    embedder = BedrockEmbedder(model.model, model.model_id, deadline.seconds)
    prefix = f"{run.models_prefix}candidates/embeddings/"
    return Vectors(bucket, prefix, model.model_id, embedder, context.aws_request_id, deadline)


def _held_out(bucket: str, run: Run, split: str) -> list[Record]:
    records = sample(read_split(bucket, run.curated_prefix, split), run.sample_size)
    if len(records) < FEWEST_MEASURED:
        raise TooFewRecords(
            f"The {split} split holds {len(records)} records and {FEWEST_MEASURED} are needed",
            where=f"s3://{bucket}/{run.curated_prefix}{split}/",
            remedy=run.remedy(Short(split, len(records), FEWEST_MEASURED)),
        )
    return records


def _labels(bucket: str, run: Run, models_bucket: str) -> tuple[str, ...]:
    """Give the labels of a classification, and keep them as the data writes them: the gateway answers with these."""
    if run.task_kind != CLASSIFICATION:
        return ()
    spellings: Counter[str] = Counter()

    def pool() -> Iterator[Record]:
        for record in itertools.islice(read_split(bucket, run.curated_prefix, "train"), LABEL_POOL):
            spellings[" ".join(record.reference.split())] += 1
            yield record

    labels = labels_of_records(pool())
    s3.write_document(models_bucket, f"{_results(run)}labels.json", {"labels": as_written(labels, spellings)})
    return labels


def _answerer(
    run: Run, candidate: Candidate, examples: Examples, kept: KeptAnswers, deadline: Deadline
) -> Callable[[Record], Answer]:
    if candidate.strategy == EXTRACTIVE:
        return lambda record: _extract(text_of(record.prompt, run.instruction))
    model = BedrockModel(
        candidate.model, candidate.model_id, run.max_output_tokens, deadline.seconds, sampling=candidate.sampling
    )
    return lambda record: kept.ask(record.record_id, examples.asked(record.turns), model.answer)


def _extract(text: str) -> Answer:
    started = time.perf_counter()
    sentence = best_sentence(text)
    return Answer(sentence, 0, 0, time.perf_counter() - started)
