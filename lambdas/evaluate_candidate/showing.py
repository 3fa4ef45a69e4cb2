"""What a candidate is shown: examples out of the train split, or passages out of the documents."""

from __future__ import annotations

import itertools

from lambdas.evaluate_candidate.documents import read_documents
from lambdas.evaluate_candidate.vectors import Vectors
from lambdas.shared import environment, log
from lambdas.shared.embedding import DOCUMENT, QUERY
from lambdas.shared.errors import InvalidEvent, TooFewRecords
from lambdas.shared.examples import SIMILAR, Examples, SameExamples, SimilarExamples
from lambdas.shared.passages import Passages, VectorSearch
from lambdas.shared.prompts import choose_examples, few_shot_turns
from lambdas.shared.records import Record, read_split
from lambdas.shared.run import EMBEDDINGS, FEW_SHOT, RETRIEVAL, Candidate, Run

# Examples are chosen among this many records: train may be too long to read through here.
EXAMPLE_POOL = 2000
# Of which so many, and of so many characters together, are kept to be compared with each text: the gateway reads them.
SIMILAR_POOL = 500
SIMILAR_CHARACTERS = 2_000_000
EMBEDDED_AT_ONCE = 4


def examples_of(bucket: str, run: Run, candidate: Candidate, vectors: Vectors | None) -> Examples:
    """Give what a candidate's prompts show; nothing where it is neither few-shot nor retrieval.

    Raises:
        TooFewRecords: train holds fewer than the prompt is to show.
        InvalidDocuments: there are none, or too many, or one cannot be read.
    """
    if candidate.strategy == RETRIEVAL:
        return _passages(run, candidate, vectors)
    if candidate.strategy != FEW_SHOT:
        return SameExamples()
    pool = list(itertools.islice(read_split(bucket, run.curated_prefix, "train"), EXAMPLE_POOL))
    if len(pool) < candidate.examples:
        many = f"about {run.split.records_for('train', candidate.examples):,}" if run.split else "more"
        raise TooFewRecords(
            f"The train split holds {len(pool)} records and the prompt shows {candidate.examples}",
            where=f"s3://{bucket}/{run.curated_prefix}train/",
            remedy=f"Set selection.candidates[{candidate.index}].examples to {len(pool)} or less, or bring {many} "
            "usable records.",
        )
    if candidate.choose == SIMILAR:
        return SimilarExamples([few_shot_turns([record]) for record in _kept(pool)], candidate.examples)
    return SameExamples(tuple(few_shot_turns(choose_examples(pool, candidate.examples))))


def _passages(run: Run, candidate: Candidate, vectors: Vectors | None) -> Passages:
    embedded = candidate.search == EMBEDDINGS
    if run.documents is None or (embedded and vectors is None):
        raise InvalidEvent(
            f"{candidate.name} finds passages, and the run names no documents, or no model to embed them",
            remedy="Set selection.documents, and selection.embeddings, and deploy again.",
        )
    passages = read_documents(environment.required("RAW_BUCKET"), run.documents, embedded=embedded)
    log.info("Documents are read", passages=len(passages), search=candidate.search)
    if not embedded or vectors is None:
        return Passages(passages, candidate.passages, run.instruction, remember=True)
    found = vectors.of_all([passage.text for passage in passages], DOCUMENT, EMBEDDED_AT_ONCE)
    search = VectorSearch(found, vectors.model_id, lambda _, text: vectors.of(text, QUERY))
    return Passages(passages, candidate.passages, run.instruction, search, remember=True)


def _kept(pool: list[Record]) -> list[Record]:
    chosen = choose_examples(pool, min(SIMILAR_POOL, len(pool)))
    sizes = itertools.accumulate(sum(len(turn.content) for turn in few_shot_turns([record])) for record in chosen)
    return [record for record, size in zip(chosen, sizes, strict=True) if size <= SIMILAR_CHARACTERS]
