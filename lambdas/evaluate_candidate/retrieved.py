"""What a retrieval candidate's searching gives and costs, apart from what its model does with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.evaluate_candidate.vectors import Vectors
from lambdas.shared.embedding import DOCUMENT, QUERY
from lambdas.shared.examples import Examples
from lambdas.shared.passages import Passages
from lambdas.shared.prompts import text_of
from lambdas.shared.records import Record
from lambdas.shared.run import EMBEDDINGS, Candidate, Run
from lambdas.shared.squad import normalized


@dataclass(frozen=True)
class Searching:
    """What searching gave.

    Attributes:
        passages: how many there are to search among; 0 for a candidate that does not.
        answer_found: share of the records whose target stands in a passage that was shown, letter for letter.
        usd_per_request: of embedding the question.
        usd_of_index: of embedding the passages, once.
    """

    passages: int = 0
    search: str = ""
    answer_found: float = 0.0
    usd_per_request: float = 0.0
    usd_of_index: float = 0.0

    def document(self) -> dict[str, object]:
        """Give what the result says of it; nothing for a candidate that does not search."""
        if not self.passages:
            return {}
        return {
            "retrieval": {
                "passages": self.passages,
                "search": self.search,
                "answer_found": round(self.answer_found, 4),
                "usd_of_index": round(self.usd_of_index, 6),
            }
        }


def searching(
    run: Run, candidate: Candidate, examples: Examples, records: Sequence[Record], vectors: Vectors | None
) -> Searching:
    """Tell what a candidate's searching gave and cost."""
    if not isinstance(examples, Passages):
        return Searching()
    shown = [" ".join(passage.text for passage in examples.found(record.prompt)) for record in records]
    hits = [
        f" {normalized(record.reference)} " in f" {normalized(text)} "
        for record, text in zip(records, shown, strict=True)
    ]
    asked, index = 0.0, 0.0
    if candidate.search == EMBEDDINGS and run.embeddings and vectors:
        questions = [text_of(record.prompt, run.instruction) for record in records]
        asked = vectors.usd(questions, QUERY, run.embeddings.price) / len(questions)
        index = vectors.usd([passage.text for passage in examples.passages], DOCUMENT, run.embeddings.price)
    return Searching(len(examples.passages), candidate.search, sum(hits) / len(hits), asked, index)
