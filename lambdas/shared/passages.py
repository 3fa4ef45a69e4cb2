"""Passages of documents, and a prompt that shows those that were found for its text.

What was measured is what serves: the evaluation stores the passages with its result, with their vectors where they are
found by these, and the gateway reads them from there.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from lambdas.shared.embedding import Vector, cosine, packed, unpacked
from lambdas.shared.fields import Fields
from lambdas.shared.prompts import Turn, text_of
from lambdas.shared.similarity import WORD, Index

BEFORE = "Passages from a collection of documents, the likeliest first. Use what helps, and leave the rest aside."
# A sentence ends at punctuation before a space, at a line's end, or behind the full stop of Chinese and Japanese.
BOUNDARY = re.compile(r"(?<=[.!?])\s+|\n+|(?<=[\u3002\uff01\uff1f])")
EmbedBy = Callable[[str, str], Vector]
"""Embeds a question, by the model of an id: (model id, text)."""


@dataclass(frozen=True)
class Passage:
    """A part of a document, and which document it is of."""

    text: str
    source: str


class Search(Protocol):
    """Finds passages by their places."""

    def nearest(self, text: str, count: int) -> list[int]:
        """Give the places of the likeliest passages, the likeliest first; of equals the one that stands first."""
        ...


class VectorSearch:
    """The passages whose embeddings are nearest to the text's.

    Args:
        vectors: of the passages, in their order.
        model_id: the model that they are of.
        embed: embeds the text by it.
    """

    def __init__(self, vectors: Sequence[Vector], model_id: str, embed: EmbedBy) -> None:
        self.vectors, self.model_id = vectors, model_id
        self._embed = embed

    def nearest(self, text: str, count: int) -> list[int]:
        """Give the places of the nearest."""
        wanted = self._embed(self.model_id, text)
        scores = [cosine(wanted, vector) for vector in self.vectors]
        return heapq.nsmallest(count, range(len(scores)), key=lambda place: (-scores[place], place))

    def document(self) -> dict[str, object]:
        """Give what `read_passages` reads of it."""
        return {"passage_vectors": [packed(vector) for vector in self.vectors], "passage_model_id": self.model_id}


class Passages:
    """A prompt with the passages that were found for its text.

    Args:
        passages: what is searched.
        count: how many are shown.
        instruction: the task's, which stands before each text and says nothing of what to look for.
        search: over the same passages; by words where it is None.
        remember: whether what was found for a text is kept, for who asks again; a server would fill its memory.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        count: int,
        instruction: str,
        search: VectorSearch | None = None,
        *,
        remember: bool = False,
    ) -> None:
        self.passages = passages
        self._count, self._instruction, self._vectors = count, instruction, search
        by: Search = search or Index([passage.text for passage in passages])
        self._nearest: Callable[[str, int], list[int]] = cache(by.nearest) if remember else by.nearest

    def found(self, prompt: str) -> list[Passage]:
        """Give the passages for what the user says last, the likeliest first."""
        places = self._nearest(text_of(prompt, self._instruction), self._count)
        return [self.passages[place] for place in places]

    def asked(self, turns: Sequence[Turn]) -> list[Turn]:
        """Give the conversation with the passages before what the user says last."""
        *earlier, last = turns
        shown = [_numbered(number, passage) for number, passage in enumerate(self.found(last.content), start=1)]
        return [*earlier, Turn(last.role, "\n\n".join([BEFORE, *shown, last.content]))]

    def most_characters(self) -> int:
        """Give the length of the longest passages, with what stands about them; nothing is looked for."""
        longest = heapq.nlargest(self._count, self.passages, key=lambda passage: len(passage.text))
        shown = [_numbered(self._count, passage) for passage in longest]
        return len("\n\n".join([BEFORE, *shown, ""]))

    def document(self) -> dict[str, object]:
        """Give what `read_passages` reads."""
        return {
            "passages": [{"text": passage.text, "source": passage.source} for passage in self.passages],
            "passages_shown": self._count,
            "passages_instruction": self._instruction,
            **(self._vectors.document() if self._vectors else {}),
        }


def _numbered(number: int, passage: Passage) -> str:
    return f"[{number}] {passage.text}"


def read_passages(fields: Fields, embed: EmbedBy | None) -> Passages:
    """Read the passages that are stored with a result; `embed` is needed where they have vectors."""
    passages = [Passage(item.text("text"), item.text("source")) for item in fields.items("passages")]
    if not passages:
        raise fields.complaint("It holds no passages")
    search = None
    if "passage_vectors" in fields:
        if embed is None:
            raise fields.complaint("The passages are found by embeddings, and no model embeds the question")
        search = VectorSearch(_vectors(fields, len(passages)), fields.text("passage_model_id"), embed)
    count = fields.integer("passages_shown", minimum=1)
    return Passages(passages, count, fields.text("passages_instruction"), search)


def _vectors(fields: Fields, count: int) -> list[Vector]:
    try:
        vectors = [unpacked(text) for text in fields.texts("passage_vectors")]
    except ValueError:
        raise fields.complaint("A passage's vector cannot be read") from None
    if len(vectors) != count or len({len(vector) for vector in vectors}) != 1:
        raise fields.complaint("The passages and their vectors do not go together")
    return vectors


def cut(text: str, most_words: int) -> Iterator[str]:
    """Cut a text into passages of at most so many words, between sentences; a longer sentence is cut within.

    >>> list(cut("One two. Three four five. Six.", 4))
    ['One two.', 'Three four five. Six.']
    """
    held: list[str] = []
    count = 0
    for sentence in _pieces(text, most_words):
        words = _count(sentence)
        if held and count + words > most_words:
            yield " ".join(held)
            held, count = [], 0
        held.append(sentence)
        count += words
    if count:
        yield " ".join(held)


def _pieces(text: str, most_words: int) -> Iterator[str]:
    for sentence in BOUNDARY.split(text):
        words = list(WORD.finditer(sentence))
        starts = [0, *(word.start() for word in words[most_words::most_words])]
        ends = [*starts[1:], len(sentence)]
        pieces = (sentence[start:end].strip() for start, end in zip(starts, ends, strict=True))
        yield from (piece for piece in pieces if piece)


def _count(text: str) -> int:
    return sum(1 for _ in WORD.finditer(text))
