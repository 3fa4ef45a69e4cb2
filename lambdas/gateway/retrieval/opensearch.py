"""The passages' vectors in OpenSearch Serverless: one index for all callers, where each query is filtered by its owner.

A vector search collection gives documents their ids itself, and shows what was written only after a while. So a
document's vectors are deleted by the ids that a search finds, and by those that this process has written of late;
whether these were all of them is what `remove` tells.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdas.gateway.retrieval.calls import explained
from lambdas.gateway.retrieval.collection import Done, Index, told
from lambdas.gateway.retrieval.lexical import Passage
from lambdas.shared.embedding import Vector

WHAT = "vectors"
BYTES_IN_REQUEST = 4 * 1024 * 1024
"""OpenSearch's own advice is from 3 to 5 MiB."""
IDS_IN_REQUEST = 1000
MOST_FOUND = 10_000
"""An index gives no more hits, however many a search asks for; no document has more passages."""
MOST_REMEMBERED = 16
"""Documents of which this process knows the ids of what it has written."""

Numbers = dict[str, int]
"""Numbers of passages by the ids that the service gave them."""


class SearchIndex:
    """An index of a vector search collection.

    Its field `vector` must have the space `innerproduct`: of vectors of length 1 the product is the cosine.

    Args:
        endpoint: of the collection.
        name: of the index.
    """

    def __init__(self, endpoint: str, name: str) -> None:
        self._index = Index(endpoint, name)
        self._written: OrderedDict[str, Numbers] = OrderedDict()

    def put(self, owner: str, passages: Sequence[Passage], vectors: Sequence[Vector]) -> None:
        """Write the vectors of a document's passages; raises as `explained` does."""
        with explained(WHAT):
            for batch, documents in _batches(owner, passages, vectors):
                done: dict[int, Done] = {}
                try:
                    self._index.write(documents, done)
                finally:
                    self._remember({one.id: batch[place] for place, one in done.items()})

    def remove(self, owner: str, document_id: str, passages: int) -> bool:
        """Delete a document's vectors; False where fewer were there than it has passages. Raises as `explained` does.

        What another process has written a moment ago no search shows yet.
        """
        with explained(WHAT):
            numbers = self._found(owner, document_id, range(MOST_FOUND)) | self._written.get(document_id, {})
            ids, gone = list(numbers), set[int]()
            for start in range(0, len(ids), IDS_IN_REQUEST):
                done: dict[int, Done] = {}
                self._index.delete(ids[start : start + IDS_IN_REQUEST], done)
                gone.update(numbers[ids[start + place]] for place, one in done.items() if one.found)
            self._written.pop(document_id, None)
            return len(gone) >= passages

    def nearest(self, owner: str, vector: Vector, count: int) -> Iterator[tuple[str, int, float]]:
        """Yield document, passage and cosine of a caller's passages, the nearest first; raises as `explained` does."""
        asked = {"vector": list(vector), "k": count, "filter": {"term": {"owner": owner}}}
        with explained(WHAT):
            hits = self._index.search(count, {"knn": {"vector": asked}}, ["document_id", "passage"])
            found = told(lambda: [_nearest(hit) for hit in hits])
        yield from found

    # ---- inside -----------------------------------------------------------------------------------------

    def _found(self, owner: str, document_id: str, passages: range) -> Numbers:
        """Those of a document's passages that searches show: each may be there more than once."""
        filters = [
            {"term": {"owner": owner}},
            {"term": {"document_id": document_id}},
            {"range": {"passage": {"gte": passages.start, "lt": passages.stop}}},
        ]
        hits = self._index.search(MOST_FOUND, {"bool": {"filter": filters}}, ["passage"])
        if len(hits) >= MOST_FOUND and len(passages) > 1:
            # There may be more. Searching again after these are deleted would show them still.
            half = len(passages) // 2
            parts = passages[:half], passages[half:]
            return self._found(owner, document_id, parts[0]) | self._found(owner, document_id, parts[1])
        return told(lambda: {str(hit["_id"]): int(hit["_source"]["passage"]) for hit in hits})

    def _remember(self, written: Mapping[str, Passage]) -> None:
        for key, passage in written.items():
            self._written.setdefault(passage.document_id, {})[key] = passage.number
        while len(self._written) > MOST_REMEMBERED:
            self._written.popitem(last=False)


def cosine_of(score: float) -> float:
    """Turn the score of an inner product back into the product.

    OpenSearch adds 1 to a product from 0 on, and divides 1 by 1 less a negative one.

    >>> cosine_of(1.75), cosine_of(1.0), cosine_of(0.5)
    (0.75, 0.0, -1.0)
    """
    return score - 1.0 if score >= 1.0 else 1.0 - 1.0 / score


def _batches(
    owner: str, passages: Sequence[Passage], vectors: Sequence[Vector]
) -> Iterator[tuple[Sequence[Passage], Sequence[str]]]:
    """Divide passages, with the documents that are made of them, into requests."""
    batch: list[Passage] = []
    documents: list[str] = []
    size = 0
    for passage, vector in zip(passages, vectors, strict=True):
        document = _document(owner, passage, vector)
        if batch and size + len(document) > BYTES_IN_REQUEST:
            yield batch, documents
            batch, documents, size = [], [], 0
        batch.append(passage)
        documents.append(document)
        size += len(document)
    if batch:
        yield batch, documents


def _document(owner: str, passage: Passage, vector: Vector) -> str:
    """What the index keeps of a passage, in ASCII: so many bytes as characters."""
    return json.dumps(
        {
            "vector": list(vector),
            "owner": owner,
            "document_id": passage.document_id,
            "passage": passage.number,
            "name": passage.name,
            "text": passage.text,
        }
    )


def _nearest(hit: Mapping[str, Any]) -> tuple[str, int, float]:
    source = hit["_source"]
    return str(source["document_id"]), int(source["passage"]), cosine_of(float(hit["_score"]))
