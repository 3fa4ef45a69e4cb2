"""Embeddings of a run, kept in S3 for all its candidates: a text is embedded once, and an attempt goes on from there.

They lie in parts, ``run=<id>/candidates/embeddings/<invocation>-00000.jsonl``; a line holds one vector under the hash
of what was embedded, by which model and to which end. Two candidates that run side by side may embed the same text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from lambdas.evaluate_candidate.asking import BedrockEmbedder
from lambdas.evaluate_candidate.deadline import Deadline
from lambdas.evaluate_candidate.measuring import for_each
from lambdas.evaluate_candidate.parts import Parts
from lambdas.shared import log, s3
from lambdas.shared.cost import Price
from lambdas.shared.embedding import Embedding, Vector, packed, unpacked
from lambdas.shared.errors import InvalidRecord
from lambdas.shared.fields import Fields

VECTORS_IN_PART = 256


class Vectors(Parts):
    """Vectors by text, as a context: on leaving it, by whichever way, the last ones are written.

    Args:
        bucket: the models bucket.
        prefix: what the keys of the parts begin with.
        model_id: which model embeds.
        embedder: asks it.
        invocation: the id of the function's invocation, which tells its parts from others'.
        deadline: when asking has to end.
    """

    def __init__(
        self, bucket: str, prefix: str, model_id: str, embedder: BedrockEmbedder, invocation: str, deadline: Deadline
    ) -> None:
        super().__init__(bucket, lambda number: f"{prefix}{invocation}-{number:05}.jsonl", VECTORS_IN_PART)
        self.model_id, self._embedder, self._deadline = model_id, embedder, deadline
        self._known = dict(_kept(bucket, prefix))

    def of(self, text: str, purpose: str) -> Vector:
        """Give the vector of a text; raises as `BedrockEmbedder.embed` does."""
        return self.embedding(text, purpose).vector

    def of_all(self, texts: Sequence[str], purpose: str, concurrency: int) -> list[Vector]:
        """Give the vectors of texts in their order, asking for `concurrency` at a time; raises as `for_each` does."""
        for_each(
            list(dict.fromkeys(texts)),
            lambda text: self.of(text, purpose),
            concurrency=concurrency,
            deadline=self._deadline,
            on_progress=lambda done, total: log.progress("embed", done, total, unit="texts"),
        )
        return [self.of(text, purpose) for text in texts]

    def usd(self, texts: Iterable[str], purpose: str, price: Price) -> float:
        """Give what embedding the texts costs, each as often as it stands there."""
        found = [self.embedding(text, purpose) for text in texts]
        return sum(price.usd(embedding.tokens, 0, embedding.seconds) for embedding in found)

    def embedding(self, text: str, purpose: str) -> Embedding:
        """Give the embedding that is there, or ask and keep what comes."""
        key = hashlib.sha256(json.dumps([self.model_id, purpose, text]).encode()).hexdigest()[:32]
        known = self._known.get(key)
        if known is None:
            self._known[key] = known = self._embedder.embed(text, purpose)
            self.keep({"of": key, "vector": packed(known.vector), "tokens": known.tokens, "seconds": known.seconds})
        return known


def _kept(bucket: str, prefix: str) -> Iterable[tuple[str, Embedding]]:
    for key in s3.keys(bucket, prefix):
        where = f"s3://{bucket}/{key}"
        for content in s3.lines(bucket, key):
            try:
                line = Fields(json.loads(content), where, InvalidRecord, "Delete the object; it is made again.")
                vector = unpacked(line.text("vector"))
            except ValueError:
                raise InvalidRecord("A kept vector cannot be read", where=where, remedy="Delete it.") from None
            yield line.text("of"), Embedding(vector, line.integer("tokens"), line.number("seconds", minimum=0))
