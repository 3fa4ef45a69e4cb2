"""Section `selection`: the candidates, and how good one must be to make tuning unnecessary."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.catalogue import CATALOGUE
from cdk_app.settings.measuring import Documents, Embeddings, ImportedModelId, Judge
from cdk_app.settings.section import Section

Strategy = Literal["zero-shot", "few-shot", "retrieval", "extractive"]
Metric = Literal["rougeL", "macroF1", "accuracy", "exactMatch", "tokenF1", "embeddingSimilarity", "judge"]

METRICS_OF_KIND: dict[str, tuple[str, ...]] = {
    "summarization": ("rougeL", "embeddingSimilarity"),
    "generation": ("rougeL", "judge"),
    "classification": ("macroF1", "accuracy"),
    "question_answering": ("exactMatch", "tokenF1"),
}
"""The metrics that suit each kind of task; `lambdas/shared/metrics.py` computes them."""

ASKED_METRICS = ("embeddingSimilarity", "judge")
"""Metrics that ask a model on Bedrock, which the jobs that tune and evaluate do not reach."""


class Candidate(Section):
    """A model and the way it is asked."""

    model: Annotated[str, Field(json_schema_extra={"enum": list(CATALOGUE)})]
    """Key of a model in the catalogue (docs/settings.md lists it)."""

    strategy: Strategy = "zero-shot"
    """`zero-shot` asks plainly, `few-shot` shows examples first, `retrieval` passages that were found for the text, \
`extractive` picks the best sentence."""

    examples: Annotated[int | None, Field(ge=1, le=20)] = None
    """Examples shown before the question; for `few-shot` only, and required there."""

    choose: Literal["first", "similar"] | None = None
    """Which examples a `few-shot` prompt shows: `first`, the default, the same short ones before every text; \
`similar` those of up to 500 from train that are most like the text."""

    passages: Annotated[int | None, Field(ge=1, le=10)] = None
    """Passages of `selection.documents` shown with the question; for `retrieval` only, and required there."""

    search: Literal["words", "embeddings"] | None = None
    """How `retrieval` finds passages: by `words` (BM25), the default, or by `embeddings`."""

    imported_model_id: ImportedModelId | None = None
    """Id that Bedrock gave to your import of the model; required for models of platform `bedrock-import`."""


class Selection(Section):
    """How candidates are compared, all of them on the same held-out records."""

    metric: Metric = "rougeL"
    """Quality metric. For summarization and generation: `rougeL`, the F-measure of the longest common subsequence of \
words. For classification: `macroF1`, the mean of each label's F1, or `accuracy`. For question answering: `exactMatch` \
or `tokenF1`, as SQuAD defines them. Without tuning also `embeddingSimilarity` for summarization and `judge` for \
generation."""

    floor: Annotated[float, Field(ge=0.01, le=0.99)] = 0.3
    """Quality a model must reach to be deployed; the cheapest candidate whose lower confidence bound does so wins."""

    sample_size: Annotated[int, Field(ge=8, le=10_000)] = 64
    """Validation records on which every candidate is measured."""

    documents: Documents | None = None
    """The documents of `retrieval` candidates."""

    embeddings: Embeddings | None = None
    """The embedding model; with it, every summary is also compared with its target by their embeddings."""

    judge: Judge | None = None
    """The judge of `metric: judge`."""

    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1, max_length=12, strict=False)]
    """Models to compare, each with the way it is asked."""

    @property
    def searches_by_embeddings(self) -> bool:
        """Whether a candidate finds its passages by embeddings."""
        return any(candidate.search == "embeddings" for candidate in self.candidates)
