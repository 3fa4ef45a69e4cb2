"""Embeddings of a document's passages, some at a time, and of a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from lambdas.gateway.retrieval.calls import explained
from lambdas.shared import aws
from lambdas.shared.embedding import DOCUMENT, QUERY, Embedding, Vector, embed
from lambdas.shared.errors import ServiceCallFailed

CONCURRENCY = 8
"""Calls at a time: fewer than the client's pool has connections."""
READ_TIMEOUT_SECONDS = 60
ATTEMPTS = 6

Progress = Callable[[int, int], None]
"""Called with how many passages are embedded, and how many there are."""
Spent = Callable[[int], None]
"""Called with the tokens of each text that was embedded."""


class Embedder:
    """Embeds by one model.

    Args:
        model_id: an embedding model on Bedrock.
        dimensions: that its vectors have, and the index expects.
    """

    def __init__(self, model_id: str, dimensions: int) -> None:
        self.model_id, self._dimensions = model_id, dimensions

    def query(self, text: str, spent: Spent = lambda _tokens: None) -> Vector:
        """Embed a question; raises as `explained` does."""
        with explained("embeddings"):
            embedded = self._embedded(text, QUERY)
        spent(embedded.tokens)
        return embedded.vector

    def documents(self, texts: Sequence[str], progress: Progress, spent: Spent) -> list[Vector]:
        """Embed passages, equal ones once; the first failure ends it. Raises as `explained` does."""
        distinct = list(dict.fromkeys(texts))
        with explained("embeddings"), ThreadPoolExecutor(CONCURRENCY) as pool:
            futures = [pool.submit(self._embedded, text, DOCUMENT) for text in distinct]
            try:
                for done, future in enumerate(as_completed(futures), start=1):
                    spent(future.result().tokens)
                    progress(done, len(distinct))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        vectors = dict(zip(distinct, (future.result().vector for future in futures), strict=True))
        return [vectors[text] for text in texts]

    def _embedded(self, text: str, purpose: str) -> Embedding:
        embedded = embed(self._client(), self.model_id, text, purpose)
        if len(embedded.vector) != self._dimensions:
            raise ServiceCallFailed(
                f"The vector has {len(embedded.vector)} dimensions and not {self._dimensions}",
                remedy="Give the embedding model its dimensions in the settings, and deploy again.",
            )
        return embedded

    def _client(self) -> Any:
        return aws.client("bedrock-runtime", read_timeout=READ_TIMEOUT_SECONDS, attempts=ATTEMPTS)
