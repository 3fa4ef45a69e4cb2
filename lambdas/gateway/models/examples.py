"""What an approved target's prompt is shown with: the examples, or the passages, that it was measured with."""

from __future__ import annotations

from lambdas.gateway import call
from lambdas.gateway.retrieval.embeddings import Embedder
from lambdas.shared import environment, s3
from lambdas.shared.embedding import Vector
from lambdas.shared.errors import InvalidTarget
from lambdas.shared.examples import Examples, read_examples
from lambdas.shared.fields import Fields


def stored_examples(key: str) -> Examples:
    """Read what lies under a key of the models bucket.

    Raises:
        InvalidTarget: it holds something else.
    """
    bucket = environment.required("MODELS_BUCKET")
    document, _ = s3.document(bucket, key, InvalidTarget)
    where = f"s3://{bucket}/{key}"
    fields = Fields(document, where, InvalidTarget, "Start a new run; the stored prompt was changed.")
    return read_examples(fields, embed_query)


def embed_query(model_id: str, text: str) -> Vector:
    """Embed the text that passages are looked for; what it takes the present call notes, for its caller's account.

    Raises:
        Problem: the service of embeddings is busy, or refuses.
        Stopped: the client is gone, or the time is over.
    """
    working = call.current()

    def spent(tokens: int) -> None:
        if working is not None and tokens:
            working.embedded.append((model_id, tokens))

    return Embedder(model_id).query(text, spent)
