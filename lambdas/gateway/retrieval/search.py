"""What was found for a question, ranked by words and embeddings together, and whether it has to do with it at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lambdas.gateway.retrieval.fusion import WEIGHT_OF_EMBEDDINGS, fused
from lambdas.gateway.retrieval.lexical import LexicalIndex, Passage
from lambdas.gateway.retrieval.words import terms
from lambdas.shared.similarity import WORD

DEPTH = 100
"""Passages that each of the two rankings gives; S3 Vectors gives so many in one answer."""
WEIGHT_OF_COSINE = 0.7
WEIGHT_OF_WORDS_ALONE = 0.7
"""Of the share of words, where that is all that is known: chance has some of them in any passage."""
SAME_SHARE = 0.9
"""Share of word pairs from which on two passages say the same."""


@dataclass(frozen=True)
class Found:
    """A passage that was found.

    Attributes:
        passage: its place among the document's passages, from 0.
        score: from 0 to 1; what the best passage of another question has is no measure for this one's.
        cosine: of the question's vector and the passage's, or at most so much, where a hundred others are nearer; None
            where only the words found it.
        coverage: share of what the question's words say that stands in the passage, a rare word saying more.
    """

    document_id: str
    name: str
    passage: int
    text: str
    score: float
    cosine: float | None
    coverage: float

    @property
    def evidence(self) -> float:
        """How much it has to do with the question, by meaning and words; unlike the score, of the same scale always."""
        if self.cosine is None:
            return WEIGHT_OF_WORDS_ALONE * self.coverage
        return WEIGHT_OF_COSINE * self.cosine + (1 - WEIGHT_OF_COSINE) * self.coverage


def ranked(
    index: LexicalIndex,
    query: str,
    cosines: Mapping[int, float],
    count: int,
    weight: float = WEIGHT_OF_EMBEDDINGS,
) -> list[Found]:
    """Give the passages for a question, the best first.

    Args:
        index: of the caller.
        query: the question.
        cosines: of the passages whose vectors are nearest to the question's, by their numbers in the index; without
            any, words alone rank.
        count: how many passages to give; of those that say the same, only the best.
        weight: of the embeddings, from 0 to 1.
    """
    words = dict(index.search(query, DEPTH)) if weight < 1 else {}
    scores = fused(words, cosines, weight if cosines else 0.0)
    rarities = index.rarities(query)
    furthest = min(cosines.values()) if len(cosines) >= DEPTH else None
    found: list[Found] = []
    for number, score in scores.items():
        if len(found) == count:
            break
        passage = index.passages([number])[number]
        if not any(_same(passage.text, other.text) for other in found):
            found.append(_found(passage, score, cosines.get(number, furthest), rarities))
    return found


def _found(passage: Passage, score: float, cosine: float | None, rarities: Mapping[str, float]) -> Found:
    held = rarities.keys() & set(terms(passage.text))
    coverage = sum(rarities[term] for term in held) / (sum(rarities.values()) or 1.0)
    return Found(passage.document_id, passage.name, passage.number, passage.text, score, cosine, coverage)


def _same(one: str, other: str) -> bool:
    """Whether two passages say the same, but for a few words."""
    first, second = _pairs(one), _pairs(other)
    return len(first & second) >= SAME_SHARE * len(first | second)


def _pairs(text: str) -> set[tuple[str, str]]:
    words = WORD.findall(text.casefold())
    return set(pairwise(words))


def relevant(found: Sequence[Found], least_evidence: float) -> bool:
    """Whether an answer can be given out of what was found."""
    return any(one.evidence >= least_evidence for one in found)
