"""The semantic cache: an answer is given again to a question that means the same, as far as an embedding can tell.

Embeddings put "Create a bucket" beside "Delete a bucket". So what is found by its vector must also agree by the letter
on what turns an answer round: numbers, names, quoted words and negations. How often it is still wrong was measured:
`python -m benchmarks.semantic_cache`.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lambdas.gateway import call
from lambdas.gateway.cache.answers import Scope, fields_of, is_to_be_kept, read
from lambdas.gateway.exchange import Question, Written
from lambdas.gateway.models import embedding
from lambdas.gateway.models.failures import MODEL_ERRORS
from lambdas.gateway.table import EXPIRES_AT, Table, Value
from lambdas.shared import aws, log
from lambdas.shared.embedding import MOST_CHARACTERS, QUERY, Embedding, Vector, cosine, packed, unpacked

MOST_COMPARED = 200
"""Questions of one kind that a new one is compared with: the latest."""
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# A quoted or coded text, or a word that only a name or a symbol has: one with a capital behind its first letter, with
# a digit, a dot or an underscore within.
_LITERAL = re.compile(r"`[^`]+`|\"[^\"]+\"|'[^']{2,}'|\b\w*(?:[a-z][A-Z]|[._-]\w|\d)[\w.-]*")
_CAPITAL = re.compile(r"(?<=[^\s.!?] )[A-Z]\w*")
# Words that turn an answer round, and verbs that have an opposite by their stems.
_TURNING = re.compile(
    r"\b(?:not?|never|without|except|unless|only|instead|cannot|\w+n['’]t|before|after|first|last|more|less|fewer|most|"
    r"least|above|below|over|under|from|to|in|out|on|off|up|down|all|each|every|none|any|best|worst|pros?|cons?|why|how|"
    r"when|where|who)\b",
    re.IGNORECASE,
)
_OPPOSED = re.compile(
    r"\b(add|remov|creat|delet|start|stop|enabl|disabl|allow|den|grant|revok|attach|detach|associat|disassociat|open|"
    r"clos|encrypt|decrypt|import|export|get|put|set|list|updat|increas|decreas|register|deregister|tag|untag|"
    r"subscrib|unsubscrib|accept|reject|lock|unlock|assign|unassign|send|receiv|begin|end|cancel|restor|batch)"
    r"(?:e|y|s|es|ies|d|ed|ied|ing|ting|ging)?\b",
    re.IGNORECASE,
)

Embed = Callable[[str, str, list[int]], Embedding]
"""Embeds a text by the model of an id, and adds what that took: (model id, text, tokens)."""
Spent = Callable[[int], None]
"""Called with the tokens of a question that was embedded."""
LONGEST_SECONDS = 5.0
"""Of one wait for an embedding: the model itself can answer, and is not to be kept waiting for what may save asking."""


def embedded(model_id: str, text: str, took: list[int]) -> Embedding:
    """Embed a question; a client that leaves, and the deadline, end it at once."""
    return embedding.embedded(model_id, text, QUERY, took, seconds=LONGEST_SECONDS)


class SemanticCache:
    """Answers by the meaning of the last turn; all else of a question must be the same.

    Args:
        table: where they lie, beside the exact cache's.
        model_id: the embedding model; vectors of another one are not compared.
        least_similarity: cosine from which on two questions mean the same.
        ttl_seconds: how long an answer is given again.
        embed: embeds a question.
        now: seconds since 1970.
    """

    def __init__(
        self,
        table: Table,
        model_id: str,
        *,
        least_similarity: float,
        ttl_seconds: int,
        embed: Embed = embedded,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._table, self._model_id, self._least = table, model_id, least_similarity
        self._ttl_seconds, self._embed, self._now = ttl_seconds, embed, now

    @staticmethod
    def from_environment(settings: Mapping[str, Any]) -> SemanticCache | None:
        """Give the cache of the gateway's settings; None where they do not ask for it, or there is no table."""
        wanted, table = (settings.get("cache") or {}).get("semantic"), Table.from_environment()
        embedding = settings.get("embedding")
        if not wanted or not embedding or table is None:
            return None
        return SemanticCache(
            table,
            embedding["model_id"],
            least_similarity=float(wanted["least_similarity"]),
            ttl_seconds=int(settings["cache"]["ttl_seconds"]),
        )

    def find(
        self, scope: Scope, question: Question, spent: Spent = lambda _tokens: None
    ) -> tuple[Written | None, Vector | None]:
        """Give the answer to the likest question that is like enough, and the vector of this one, for `keep`.

        Neither is there where a service does not answer, since the model can, nor for a text of which an embedding
        sees the beginning alone. `spent` is told the tokens of the question.

        Raises:
            Stopped: the client is gone, or the time is over.
        """
        asked = question.turns[-1].content
        if len(asked.strip()) > MOST_CHARACTERS:
            return None, None
        try:
            embedded = self._embedded(asked, spent)
            entries = list(self._table.items(self._pk(scope, question), _FIELDS, limit=MOST_COMPARED))
        except MODEL_ERRORS as failure:
            call.check_current()
            log.warning("The semantic cache cannot be read", reason=str(failure))
            return None, None
        found = self._likest(entries, embedded.vector, asked)
        return (read(found) if found else None), embedded.vector

    def keep(self, scope: Scope, question: Question, vector: Vector, written: Written) -> bool:
        """Keep an answer for questions like this one, if it is whole and not too long; whether it was kept."""
        fields = {**fields_of(written), "question": question.turns[-1].content, "vector": packed(vector)}
        if not is_to_be_kept(written, fields):
            return False
        # The latest sort last; two of one moment must not replace each other.
        sort_key = f"{int(self._now() * 1000):014d}#{secrets.token_hex(4)}"
        expires_at = int(self._now()) + self._ttl_seconds
        try:
            self._table.put(self._pk(scope, question), sort_key, fields, expires_at=expires_at)
        except aws.CALL_ERRORS as failure:
            log.warning("The semantic cache cannot be written", reason=str(failure))
            return False
        return True

    def _embedded(self, asked: str, spent: Spent) -> Embedding:
        took: list[int] = []
        try:
            return self._embed(self._model_id, asked, took)
        finally:
            spent(sum(took))

    def _likest(self, entries: Sequence[Mapping[str, Value]], vector: Vector, asked: str) -> Mapping[str, Value] | None:
        best, found = self._least, None
        for entry in entries:
            if int(entry[EXPIRES_AT]) <= self._now():
                continue
            similarity = cosine(vector, unpacked(str(entry["vector"])))
            if similarity >= best and agree(asked, str(entry["question"])):
                best, found = similarity, entry
        return found

    def _pk(self, scope: Scope, question: Question) -> str:
        # A vector says nothing to one of another model.
        return f"SEMANTIC#{self._model_id}#{scope.key_of_kind(question)}"


_FIELDS = ("text", "finish", "model", "usage", "question", "vector", EXPIRES_AT)


def agree(one: str, other: str) -> bool:
    """Whether two questions name the same numbers, names, quoted words and words that turn an answer round.

    >>> agree("How do I create a bucket?", "How can I create buckets?")
    True
    >>> agree("How do I create a bucket?", "How do I delete a bucket?")
    False
    """
    return _telling(one) == _telling(other)


def _telling(text: str) -> Counter[str]:
    found = [*_NUMBER.findall(text), *_LITERAL.findall(text), *_CAPITAL.findall(text)]
    return Counter([*found, *(word.lower() for word in (*_TURNING.findall(text), *_OPPOSED.findall(text)))])
