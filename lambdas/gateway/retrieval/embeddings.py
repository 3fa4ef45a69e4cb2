"""Embeddings of a document's passages, some at a time, and of a question.

A client that leaves, and the deadline, end them at once: they are asked for as models are.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from lambdas.gateway import call
from lambdas.gateway.call import TOO_LATE, Call, Stopped
from lambdas.gateway.models.embedding import embedded
from lambdas.gateway.models.failures import MODEL_ERRORS
from lambdas.gateway.retrieval.calls import explained
from lambdas.gateway.retrieval.pace import Pace
from lambdas.shared import aws
from lambdas.shared.embedding import DOCUMENT, QUERY, Vector
from lambdas.shared.errors import ServiceCallFailed

CONCURRENCY = 8
"""Calls at a time: fewer than the client's pool has connections."""
ATTEMPTS = {DOCUMENT: 6, QUERY: 3}
"""A question has somebody waiting for it; a document's passages throttle each other."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 8.0

Progress = tuple[int, int]
"""How many passages are embedded, and how many there are."""
Spent = Callable[[int], None]
"""Called once with the tokens of all that was embedded, whatever came of it."""


class Embedder:
    """Embeds by one model.

    Args:
        model_id: an embedding model on Bedrock.
        dimensions: that its vectors have, and the index expects; None where no index does.
    """

    def __init__(self, model_id: str, dimensions: int | None = None) -> None:
        self.model_id, self._dimensions = model_id, dimensions

    def query(self, text: str, spent: Spent = lambda _tokens: None) -> Vector:
        """Embed a question; raises as `explained` does, and `Stopped` where the present call is stopped."""
        took: list[int] = []
        try:
            with explained("embeddings"):
                return self._embedded(_present(), text, QUERY, took)
        finally:
            spent(sum(took))

    def documents(self, texts: Sequence[str], spent: Spent) -> Generator[Progress, None, list[Vector]]:
        """Embed passages, equal ones once, and yield after each how far that has come; the first failure ends it.

        Raises as `query` does, and a Problem of 413 where the request's time is too short for so many.
        """
        took: dict[str, list[int]] = {text: [] for text in texts}
        whole = _present()
        pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="embedding")
        pace = Pace(whole, len(took), CONCURRENCY)
        futures = {pool.submit(self._in_thread, whole, text, took[text]): text for text in took}
        try:
            with explained("embeddings"):
                for done, future in enumerate(as_completed(futures), start=1):
                    future.result()
                    whole.check()
                    pace.check(done)
                    yield done, len(futures)
        except BaseException as failure:
            # What is on its way ends with the request, and its answer is not waited for.
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(failure, Stopped) and failure.why == TOO_LATE:
                pace.too_late(sum(map(_came, futures)))
            raise
        finally:
            spent(sum(sum(tokens) for tokens in took.values()))
        pool.shutdown()
        vectors = {text: future.result() for future, text in futures.items()}
        return [vectors[text] for text in texts]

    def _in_thread(self, whole: Call, text: str, took: list[int]) -> Vector:
        with whole.part() as part:
            return self._embedded(part, text, DOCUMENT, took)

    def _embedded(self, working: Call, text: str, purpose: str, took: list[int]) -> Vector:
        attempt = 0
        while True:
            working.check()
            try:
                vector = embedded(self.model_id, text, purpose, took).vector
                break
            except MODEL_ERRORS as failure:
                attempt += 1
                pause = random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311
                again = attempt < ATTEMPTS[purpose] and aws.passes_by_itself(failure)
                if not again or pause >= working.seconds_left:
                    raise
            working.pause(pause)
        if self._dimensions is not None and len(vector) != self._dimensions:
            raise ServiceCallFailed(
                f"The vector has {len(vector)} dimensions and not {self._dimensions}",
                remedy="Give the embedding model its dimensions in the settings, and deploy again.",
            )
        return vector


def _came(future: Future[Vector]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _present() -> Call:
    return call.current() or Call(math.inf)
