"""One call for an embedding: a client that leaves, and the deadline, end it at once, and it counts in any case."""

from __future__ import annotations

from lambdas.gateway import call
from lambdas.gateway.exchange import CHARACTERS_PER_TOKEN
from lambdas.gateway.models import clients
from lambdas.gateway.models.failures import MODEL_ERRORS, UNANSWERED
from lambdas.shared.embedding import MOST_CHARACTERS, Embedding, embed

LONGEST_SECONDS = 25.0
"""Of one wait for a vector, which takes a fraction of a second: a call that stalls leaves time for another."""


def embedded(
    model_id: str, text: str, purpose: str, took: list[int], *, seconds: float | None = None, whole: bool = False
) -> Embedding:
    """Embed a text as `embed` does; raises as it does.

    Args:
        took: gets the tokens of the call; of one that is not answered yet, or not waited for, what its length tells.
        seconds: most that a read may take, `LONGEST_SECONDS` where it is not said.

    Raises:
        Stopped: the client is gone, or the time is over.
    """
    took.append(min(len(text), MOST_CHARACTERS) // CHARACTERS_PER_TOKEN)
    try:
        with call.patient(seconds or LONGEST_SECONDS):
            found = embed(clients.runtime("bedrock-runtime"), model_id, text, purpose, whole=whole)
    except MODEL_ERRORS as failure:
        working = call.current()
        if not isinstance(failure, UNANSWERED) and (working is None or working.why is None):
            took[-1] = 0
        call.check_current()
        raise
    took[-1] = found.tokens
    return found
