"""Where passages are found by their vectors: S3 Vectors, or OpenSearch Serverless where the environment names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from lambdas.gateway.retrieval.lexical import Passage
from lambdas.shared import environment
from lambdas.shared.embedding import Vector


class VectorStore(Protocol):
    """The vectors of all callers' passages. Each call raises as `calls.explained` does."""

    def put(self, owner: str, passages: Sequence[Passage], vectors: Sequence[Vector]) -> None:
        """Write the vectors of a document's passages."""
        ...

    def remove(self, owner: str, document_id: str, passages: int) -> bool:
        """Delete a document's vectors, as many as it has passages.

        False where some may be left that the store does not show yet; those that are not there are no matter.
        """
        ...

    def nearest(self, owner: str, vector: Vector, count: int) -> Iterator[tuple[str, int, float]]:
        """Yield document, passage and cosine of a caller's passages, the nearest first."""
        ...


def from_environment() -> VectorStore:
    """Give the store that the function's environment names.

    Environment: VECTOR_INDEX, and VECTOR_ENDPOINT (of a collection) or VECTOR_BUCKET.

    Raises:
        ConfigurationError: one of their names is missing.
    """
    index = environment.required("VECTOR_INDEX")
    if endpoint := environment.optional("VECTOR_ENDPOINT"):
        from lambdas.gateway.retrieval.opensearch import SearchIndex

        return SearchIndex(endpoint, index)
    from lambdas.gateway.retrieval.vectors import VectorIndex

    return VectorIndex(environment.required("VECTOR_BUCKET"), index)
