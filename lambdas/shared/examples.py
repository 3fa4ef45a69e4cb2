"""The examples that a few-shot prompt shows: the same for every text, or those most like it.

What was measured is what serves: the evaluation stores its examples, or the pool that it chose from, with its result,
and the gateway reads them from there.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lambdas.shared.fields import Fields
from lambdas.shared.passages import EmbedBy, read_passages
from lambdas.shared.prompts import Turn
from lambdas.shared.similarity import Index

FIRST, SIMILAR = "first", "similar"
CHOICES = (FIRST, SIMILAR)


class Examples(Protocol):
    """What a candidate is asked beside the conversation itself."""

    def asked(self, turns: Sequence[Turn]) -> list[Turn]:
        """Give the conversation as the model is asked it; its last turn is the user's."""
        ...

    def most_characters(self) -> int:
        """Give how long what is shown beside a conversation may be, whatever is asked."""
        ...

    def document(self) -> dict[str, object]:
        """Give what `read_examples` reads."""
        ...


@dataclass(frozen=True)
class SameExamples:
    """The same turns whatever is asked; none for a plain prompt."""

    turns: tuple[Turn, ...] = ()

    def asked(self, turns: Sequence[Turn]) -> list[Turn]:
        """Give the examples, then the conversation."""
        return [*self.turns, *turns]

    def most_characters(self) -> int:
        """Give the examples' length."""
        return _length(self.turns)

    def document(self) -> dict[str, object]:
        """Give what `read_examples` reads."""
        return {"prompt_turns": _documents(self.turns)}


class SimilarExamples:
    """Of a pool of examples those most like the prompt, the most similar last, next to the prompt.

    Args:
        pool: the turns of each example; its last but one is what was asked.
        count: how many to show.
    """

    def __init__(self, pool: Sequence[Sequence[Turn]], count: int) -> None:
        self._pool, self._count = pool, count
        self._index = Index([turns[-2].content for turns in pool])

    def turns_for(self, prompt: str) -> list[Turn]:
        """Give the turns of the most similar examples."""
        places = self._index.nearest(prompt, self._count)
        return [turn for place in reversed(places) for turn in self._pool[place]]

    def asked(self, turns: Sequence[Turn]) -> list[Turn]:
        """Give the most similar examples, then the conversation."""
        return [*self.turns_for(turns[-1].content), *turns]

    def most_characters(self) -> int:
        """Give the length of the longest examples."""
        return sum(heapq.nlargest(self._count, map(_length, self._pool)))

    def document(self) -> dict[str, object]:
        """Give what `read_examples` reads."""
        pool = [{"turns": _documents(turns)} for turns in self._pool]
        return {"prompt_turns": [], "prompt_pool": pool, "prompt_examples": self._count}


def read_examples(fields: Fields, embed: EmbedBy | None = None) -> Examples:
    """Read the examples, or the passages, that are stored with a result; `embed` is for passages with vectors."""
    if "passages" in fields:
        return read_passages(fields, embed)
    if "prompt_pool" not in fields:
        return SameExamples(_turns(fields.items("prompt_turns")))
    pool = [_turns(example.items("turns")) for example in fields.items("prompt_pool")]
    if any(len(turns) < 2 for turns in pool):
        raise fields.complaint("An example has no question with an answer")
    return SimilarExamples(pool, fields.integer("prompt_examples", minimum=1))


def _turns(items: Sequence[Fields]) -> tuple[Turn, ...]:
    return tuple(Turn(item.text("role"), item.text("content")) for item in items)


def _length(turns: Sequence[Turn]) -> int:
    return sum(len(turn.content) for turn in turns)


def _documents(turns: Sequence[Turn]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in turns]
