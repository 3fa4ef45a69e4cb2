"""Measure one candidate on held-out records: quality with its confidence interval, latency, and cost.

Every candidate of a run answers the same records of the validation split; few-shot examples come from train.

Event: ``{"run", "candidate"}``. Result: see `lambdas.evaluate_candidate.report`.
Errors: CandidateNotAvailable, CandidateFailed, EvaluationTimedOut, TooFewRecords, InvalidRecord.
Environment: CURATED_BUCKET, MODELS_BUCKET, CONCURRENCY (default 2).
IAM: s3:ListBucket, s3:GetObject and kms:Decrypt on the curated bucket; s3:PutObject and kms:GenerateDataKey on
run=*/candidates/* of the models bucket; bedrock:InvokeModel on the candidates' models and inference profiles.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial

from lambdas.evaluate_candidate.asking import BedrockModel
from lambdas.evaluate_candidate.measuring import Deadline, Outcome, measure
from lambdas.evaluate_candidate.report import prediction_lines, summary
from lambdas.shared import environment, log, s3
from lambdas.shared.converse import Answer
from lambdas.shared.errors import TooFewRecords
from lambdas.shared.extractive import best_sentence
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.prompts import Turn, choose_examples, few_shot_turns, text_of
from lambdas.shared.records import Record, read_split, sample
from lambdas.shared.run import EXTRACTIVE, FEW_SHOT, Candidate, Run, parse_candidate, run_of

# Below this many records a confidence interval says nothing.
MINIMUM_RECORDS = 5
# Few-shot examples are chosen among this many records: train may be too long to read through here.
EXAMPLE_POOL = 2000


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:
    """Measure the candidate and write the result and every prediction to the models bucket."""
    run, fields = run_of(event)
    candidate = parse_candidate(fields.fields("candidate"))
    log.add(run_id=run.run_id, candidate=candidate.name)
    bucket = environment.required("CURATED_BUCKET")
    models_bucket = environment.required("MODELS_BUCKET")
    concurrency = environment.integer("CONCURRENCY", minimum=1, maximum=64, default=2)

    records = _held_out(bucket, run)
    examples = _examples(bucket, run, candidate)
    progress = partial(log.progress, "evaluate", unit="examples", model=candidate.model, strategy=candidate.strategy)
    outcomes = measure(
        records,
        _answerer(run, candidate, few_shot_turns(examples)),
        concurrency=concurrency,
        deadline=Deadline(context.get_remaining_time_in_millis, run.sample_size),
        on_progress=progress,
    )
    return _store(models_bucket, run, candidate, outcomes, examples)


def _held_out(bucket: str, run: Run) -> list[Record]:
    records = sample(read_split(bucket, run.curated_prefix, "validation"), run.sample_size)
    if len(records) < MINIMUM_RECORDS:
        raise TooFewRecords(
            f"The validation split holds {len(records)} records and {MINIMUM_RECORDS} are needed",
            where=f"s3://{bucket}/{run.curated_prefix}validation/",
            remedy="Add data, or enlarge data.split.validation.",
        )
    return records


def _examples(bucket: str, run: Run, candidate: Candidate) -> list[Record]:
    if candidate.strategy != FEW_SHOT:
        return []
    pool = list(itertools.islice(read_split(bucket, run.curated_prefix, "train"), EXAMPLE_POOL))
    if len(pool) < candidate.examples:
        raise TooFewRecords(
            f"The train split holds {len(pool)} records and the prompt shows {candidate.examples}",
            where=f"s3://{bucket}/{run.curated_prefix}train/",
            remedy="Add data, or lower the candidate's examples.",
        )
    return choose_examples(pool, candidate.examples)


def _answerer(run: Run, candidate: Candidate, shown: list[Turn]) -> Callable[[Record], Answer]:
    if candidate.strategy == EXTRACTIVE:
        return lambda record: _extract(text_of(record.prompt, run.instruction))
    model = BedrockModel(candidate.model, candidate.model_id, run.max_output_tokens)
    return lambda record: model.answer([*shown, *record.turns])


def _extract(text: str) -> Answer:
    started = time.perf_counter()
    sentence = best_sentence(text)
    return Answer(sentence, 0, 0, time.perf_counter() - started)


def _store(
    bucket: str, run: Run, candidate: Candidate, outcomes: list[Outcome], examples: list[Record]
) -> dict[str, object]:
    base = f"{run.models_prefix}candidates/{candidate.name}"
    result = {
        **summary(candidate, run.metric, outcomes),
        "result_key": f"{base}.json",
        "predictions_key": f"{base}.predictions.jsonl",
    }
    turns = [{"role": turn.role, "content": turn.content} for turn in few_shot_turns(examples)]
    s3.write_lines(bucket, f"{base}.predictions.jsonl", prediction_lines(outcomes))
    s3.write_document(bucket, f"{base}.json", {**result, "run_id": run.run_id, "prompt_turns": turns})
    return result
