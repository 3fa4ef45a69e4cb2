"""Embeddings of a document's passages, some at a time, and of a question.

A client that leaves, and the deadline, end them at once: they are asked for as models are.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from lambdas.gateway import call
from lambdas.gateway.call import Call, Stopped
from lambdas.gateway.exchange import CHARACTERS_PER_TOKEN
from lambdas.gateway.models import clients
from lambdas.gateway.models.failures import MODEL_ERRORS, UNANSWERED
from lambdas.gateway.retrieval.calls import explained
from lambdas.shared import aws
from lambdas.shared.embedding import DOCUMENT, MOST_CHARACTERS, QUERY, Embedding, Vector, embed
from lambdas.shared.errors import ServiceCallFailed

CONCURRENCY = 8
"""Calls at a time: fewer than the client's pool has connections."""
ATTEMPTS = {DOCUMENT: 6, QUERY: 3}
"""A question has somebody waiting for it; a document's passages throttle each other."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 8.0

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
        """Embed a question; raises as `explained` does, and `Stopped` where the present call is stopped."""
        with explained("embeddings"):
            try:
                embedded = self._embedded(_present(), text, QUERY)
            except BaseException as failure:
                spent(_lost(failure, text))
                raise
        spent(embedded.tokens)
        return embedded.vector

    def documents(self, texts: Sequence[str], progress: Progress, spent: Spent) -> list[Vector]:
        """Embed passages, equal ones once; the first failure ends it. Raises as `query` does."""
        distinct = list(dict.fromkeys(texts))
        whole = _present()
        pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="embedding")
        futures = {pool.submit(self._in_thread, whole, text): text for text in distinct}
        uncounted = dict(futures)
        try:
            with explained("embeddings"):
                for done, future in enumerate(as_completed(futures), start=1):
                    spent(future.result().tokens)
                    del uncounted[future]
                    progress(done, len(distinct))
        except BaseException:
            # What is on its way ends with the request, and its answer is not waited for.
            pool.shutdown(wait=False, cancel_futures=True)
            for future, text in uncounted.items():
                spent(_tokens(future, text))
            raise
        pool.shutdown()
        vectors = {text: future.result().vector for future, text in futures.items()}
        return [vectors[text] for text in texts]

    def _in_thread(self, whole: Call, text: str) -> Embedding:
        with whole.part() as part:
            return self._embedded(part, text, DOCUMENT)

    def _embedded(self, working: Call, text: str, purpose: str) -> Embedding:
        attempt = 0
        while True:
            working.check()
            try:
                embedded = embed(clients.runtime("bedrock-runtime"), self.model_id, text, purpose)
                break
            except MODEL_ERRORS as failure:
                if working.why is not None:
                    raise Stopped(working.why) from failure
                attempt += 1
                pause = random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311
                again = attempt < ATTEMPTS[purpose] and aws.passes_by_itself(failure)
                if not again or pause >= working.seconds_left:
                    raise
            working.pause(pause)
        if len(embedded.vector) != self._dimensions:
            raise ServiceCallFailed(
                f"The vector has {len(embedded.vector)} dimensions and not {self._dimensions}",
                remedy="Give the embedding model its dimensions in the settings, and deploy again.",
            )
        return embedded


def _present() -> Call:
    return call.current() or Call(math.inf)


def _tokens(future: Future[Embedding], text: str) -> int:
    """Give what a text took that was not counted, because another one failed first."""
    if future.cancelled():
        return 0
    if not future.done():
        return _reckoned(text)
    failure = future.exception()
    return future.result().tokens if failure is None else _lost(failure, text)


def _lost(failure: BaseException, text: str) -> int:
    """Give what a text took whose vector did not come: of one that was asked for, and not waited for, all of it."""
    asked = failure.__cause__ if isinstance(failure, Stopped) else None
    return _reckoned(text) if asked is not None or isinstance(failure, UNANSWERED) else 0


def _reckoned(text: str) -> int:
    return min(len(text), MOST_CHARACTERS) // CHARACTERS_PER_TOKEN
