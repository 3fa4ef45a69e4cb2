"""What the gateway asks of its parts: protocols, so that each can be read, and stood in for, without the part itself.

Only type checkers import this.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from typing import Any, Protocol

from lambdas.gateway.exchange import Caller, Question, Turn, Usage, Written


class Blocked(Protocol):
    """What may not pass, and why, which is for the log."""

    side: str
    reason: str


class Guard(Protocol):
    """What may come in and go out."""

    @property
    def version(self) -> str:
        """Give what an answer was guarded by."""
        ...

    @property
    def grounding(self) -> bool:
        """Whether answers from documents are judged by their passages."""
        ...

    def converse_config(self) -> dict[str, Any] | None:
        """Give Converse's ``guardrailConfig``, or None."""
        ...

    def check_attacks(self, turns: Sequence[Turn]) -> Any:
        """Give what blocks a conversation before any model reads it, or None."""
        ...

    def check_input(self, turns: Sequence[Turn]) -> Any:
        """Give a conversation as it may pass to a model that does not guard itself, or what blocks it."""
        ...

    def check_output(self, text: str, *, sources: Sequence[str] = (), query: str = "") -> Any:
        """Give a text as it may pass to the caller, or what blocks it."""
        ...


class Cache(Protocol):
    """Former answers by the key of all that they depend on."""

    def find(self, key: str) -> Written | None:
        """Give the answer under a key."""
        ...

    def keep(self, key: str, written: Written) -> bool:
        """Keep an answer, if it is one to keep."""
        ...


class SemanticCache(Protocol):
    """Former answers by the meaning of the question."""

    def find(self, scope: Any, question: Question, spent: Callable[[int], None]) -> tuple[Written | None, Any]:
        """Give an answer to a question like this one, and the vector of this one; `spent` is told its tokens."""
        ...

    def keep(self, scope: Any, question: Question, vector: Any, written: Written) -> bool:
        """Keep an answer, if it is one to keep."""
        ...


class Meter(Protocol):
    """What callers have used today, and the caps on it."""

    def allow(self, caller: Caller) -> None:
        """Let a request begin, or raise ``CapReached``."""
        ...

    def account(self, caller: Caller, usage: Usage, nano_usd: int | None, *, requests: int = 1) -> Any:
        """Count what was used."""
        ...

    def today(self, caller: Caller) -> Any:
        """Give what a caller has used today."""
        ...

    def cap(self) -> float | None:
        """Give each caller's cap in US dollars a day."""
        ...

    def lifts_at(self) -> datetime:
        """Give the moment at which the caps lift."""
        ...


class Documents(Protocol):
    """The caller's own documents."""

    def add(
        self,
        caller: Caller,
        name: str,
        media_type: str,
        content: bytes,
        spent: Callable[[int], None],
    ) -> Any:
        """Read a document in and give it; `spent` is told the tokens of what is embedded for it."""
        ...

    def adding(
        self,
        caller: Caller,
        name: str,
        media_type: str,
        content: bytes,
        spent: Callable[[int], None],
    ) -> Generator[tuple[int, int], None, Any]:
        """Do the same, and yield how many of its passages are embedded, and how many there are."""
        ...

    def list(self, caller: Caller) -> Sequence[Any]:
        """Give the caller's documents."""
        ...

    def remove(self, caller: Caller, document_id: str) -> None:
        """Remove a document; a Problem of 404 for one that the caller does not have."""
        ...

    def search(self, caller: Caller, query: str, top_k: int, spent: Callable[[int], None]) -> Sequence[Any]:
        """Give the likeliest passages, the likeliest first; `spent` is told the tokens of the question."""
        ...
