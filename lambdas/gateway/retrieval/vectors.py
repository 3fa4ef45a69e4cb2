"""The passages' vectors in S3 Vectors: one index for all callers, where each query is filtered by its owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lambdas.gateway.retrieval.calls import explained
from lambdas.gateway.retrieval.lexical import Passage
from lambdas.shared import aws
from lambdas.shared.embedding import Vector
from lambdas.shared.errors import ServiceCallFailed

# S3 Vectors takes 500 vectors and 20 MiB a request; a vector of 1,024 dimensions with its text has some 16 KB.
VECTORS_IN_REQUEST = 250
KEYS_IN_REQUEST = 500
WHAT = "vectors"


class VectorIndex:
    """An index of S3 Vectors.

    Its metadata keys `name`, `passage` and `text` must be non-filterable, and its metric cosine.

    Args:
        bucket: name of the vector bucket.
        index: name of the index.
    """

    def __init__(self, bucket: str, index: str) -> None:
        self._named = {"vectorBucketName": bucket, "indexName": index}

    def put(self, owner: str, passages: Sequence[Passage], vectors: Sequence[Vector]) -> None:
        """Write the vectors of passages, in place of those that are there; raises as `explained` does."""
        written = [
            {
                "key": _key(passage.document_id, passage.number),
                "data": {"float32": list(vector)},
                "metadata": {
                    "owner": owner,
                    "document_id": passage.document_id,
                    "name": passage.name,
                    "passage": passage.number,
                    "text": passage.text,
                },
            }
            for passage, vector in zip(passages, vectors, strict=True)
        ]
        with explained(WHAT):
            for start in range(0, len(written), VECTORS_IN_REQUEST):
                self._client().put_vectors(**self._named, vectors=written[start : start + VECTORS_IN_REQUEST])

    def remove(self, owner: str, document_id: str, passages: int) -> bool:  # noqa: ARG002 - keys name documents alone
        """Delete a document's vectors, as many as it has passages; those that are not there are no matter.

        True: none of them is left.
        """
        keys = [_key(document_id, number) for number in range(passages)]
        with explained(WHAT):
            for start in range(0, len(keys), KEYS_IN_REQUEST):
                self._client().delete_vectors(**self._named, keys=keys[start : start + KEYS_IN_REQUEST])
        return True

    def nearest(self, owner: str, vector: Vector, count: int) -> Iterator[tuple[str, int, float]]:
        """Yield document, passage and cosine of a caller's passages, the nearest first; raises as `explained` does."""
        with explained(WHAT):
            answer = self._client().query_vectors(
                **self._named,
                topK=count,
                queryVector={"float32": list(vector)},
                filter={"owner": owner},
                returnDistance=True,
            )
            if answer["distanceMetric"] != "cosine":
                raise ServiceCallFailed("The vector index's metric is not cosine", remedy="Make it anew with cosine.")
        for found in answer["vectors"]:
            document_id, _, number = found["key"].rpartition("#")
            yield document_id, int(number), 1.0 - found["distance"]

    def _client(self) -> Any:
        return aws.client("s3vectors")


def _key(document_id: str, number: int) -> str:
    return f"{document_id}#{number}"
