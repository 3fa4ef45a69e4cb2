"""The examples of a few-shot candidate, out of the train split."""

from __future__ import annotations

import itertools

from lambdas.shared.errors import TooFewRecords
from lambdas.shared.examples import SIMILAR, Examples, SameExamples, SimilarExamples
from lambdas.shared.prompts import choose_examples, few_shot_turns
from lambdas.shared.records import Record, read_split
from lambdas.shared.run import FEW_SHOT, Candidate, Run

# Examples are chosen among this many records: train may be too long to read through here.
EXAMPLE_POOL = 2000
# Of which so many, and of so many characters together, are kept to be compared with each text: the gateway reads them.
SIMILAR_POOL = 500
SIMILAR_CHARACTERS = 2_000_000


def examples_of(bucket: str, run: Run, candidate: Candidate) -> Examples:
    """Give what a candidate's prompts show; nothing where it is not few-shot.

    Raises:
        TooFewRecords: train holds fewer than the prompt is to show.
    """
    if candidate.strategy != FEW_SHOT:
        return SameExamples()
    pool = list(itertools.islice(read_split(bucket, run.curated_prefix, "train"), EXAMPLE_POOL))
    if len(pool) < candidate.examples:
        raise TooFewRecords(
            f"The train split holds {len(pool)} records and the prompt shows {candidate.examples}",
            where=f"s3://{bucket}/{run.curated_prefix}train/",
            remedy="Add data, or lower the candidate's examples.",
        )
    if candidate.choose == SIMILAR:
        return SimilarExamples([few_shot_turns([record]) for record in _kept(pool)], candidate.examples)
    return SameExamples(tuple(few_shot_turns(choose_examples(pool, candidate.examples))))


def _kept(pool: list[Record]) -> list[Record]:
    chosen = choose_examples(pool, min(SIMILAR_POOL, len(pool)))
    sizes = itertools.accumulate(sum(len(turn.content) for turn in few_shot_turns([record])) for record in chosen)
    return [record for record, size in zip(chosen, sizes, strict=True) if size <= SIMILAR_CHARACTERS]
