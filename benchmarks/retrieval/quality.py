"""What is found: by words alone, by embeddings alone, and by both, through the gateway's own code."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.retrieval.account import BUCKET, INDEX, VECTORS, Account, Settings
from benchmarks.retrieval.measures import NDCG_AT, Interval, interval, ndcg, recall
from benchmarks.retrieval.questions import HEADING, Kind, Question, Service, questions, services
from cdk_app.settings.gateway import Gateway
from lambdas.gateway.exchange import Caller
from lambdas.gateway.retrieval.chunks import chunk
from lambdas.gateway.retrieval.documents import owner_of
from lambdas.gateway.retrieval.embeddings import Embedder
from lambdas.gateway.retrieval.fusion import WEIGHT_OF_EMBEDDINGS
from lambdas.gateway.retrieval.index_files import IndexFiles
from lambdas.gateway.retrieval.lexical import LexicalIndex
from lambdas.gateway.retrieval.reading import read
from lambdas.gateway.retrieval.search import DEPTH, Found, ranked, relevant
from lambdas.gateway.retrieval.vectors import VectorIndex
from lambdas.shared.embedding import Vector

READER = Caller("service:reader", "service")
WAYS: Mapping[str, float] = {"words": 0.0, "embeddings": 1.0, "hybrid": WEIGHT_OF_EMBEDDINGS}
LEAST_EVIDENCE = float(Gateway.model_fields["least_evidence"].default)
_ENTRY = re.compile(rf"> {HEADING} (\d+)$", re.MULTILINE)


@dataclass
class Scores:
    """Of each question, in the same order."""

    recall: list[float] = field(default_factory=list)
    ndcg: list[float] = field(default_factory=list)


@dataclass
class Half:
    """What came out for one half of the questions.

    Attributes:
        by_way: the scores of each way to search.
        answered: of the questions whose answer is there, the share that is not refused.
        refused: of those about services whose documents nobody added, the share that is.
    """

    questions: int
    by_way: dict[str, Scores]
    answered: float
    refused: float

    def line(self, way: str) -> tuple[Interval, Interval]:
        """Give recall and nDCG of a way."""
        return interval(self.by_way[way].recall), interval(self.by_way[way].ndcg)

    def lead(self, way: str) -> Interval:
        """Give by how much the hybrid's nDCG is better than a way's, question by question."""
        pairs = zip(self.by_way["hybrid"].ndcg, self.by_way[way].ndcg, strict=True)
        return interval([hybrid - other for hybrid, other in pairs])


class Collection:
    """Documents of some services, added through the gateway's code, and the questions about them.

    Args:
        account: to add them in.
        count: how many services.
        asked: how many questions of each kind and half.
        seed: draws services and questions.
    """

    def __init__(self, account: Account, count: int, asked: int, seed: int) -> None:
        every = services(seed)
        self._account = account
        self._inside, self._outside = every[:count], every[count : 2 * count]
        self._asked, self._random = asked, random.Random(seed)
        self._every: Sequence[Service] = every
        self._answers: dict[tuple[str, int], list[tuple[str, int]]] = {}
        self._vectors = VectorIndex(VECTORS, INDEX)
        self._embedder = Embedder(Settings().embedding.model_id, Settings().embedding.dimensions)

    def add(self) -> int:
        """Add the documents and give how many passages they have."""
        passages = 0
        for done, service in enumerate(self._inside, start=1):
            content = service.page().encode()
            document = self._account.documents.add(READER, service.title, "text/html", content)
            for number, text in enumerate(chunk(read("text/html", content, len(content)))):
                if entry := _ENTRY.search(text.partition("\n")[0]):
                    self._answers.setdefault((service.name, int(entry[1])), []).append((document.id, number))
            passages += document.passages
            print(f"\r{done} of {len(self._inside)} documents, {passages} passages", end="", file=sys.stderr)
        print(file=sys.stderr)
        return passages

    def measure(self, reported: bool) -> Half:
        """Ask the questions of one half."""
        inside = self._drawn(questions(self._inside, self._every), reported)
        outside = self._drawn(questions(self._outside, self._every), reported)
        scores = {way: Scores() for way in WAYS}
        not_refused = refused = 0
        with self._opened() as index:
            for question in inside:
                vector = self._embedder.query(question.text)
                for way, weight in WAYS.items():
                    found = self._found(index, question.text, vector, weight)
                    self._score(scores[way], index, question, found)
                not_refused += relevant(found, LEAST_EVIDENCE)
            for question in outside:
                vector = self._embedder.query(question.text)
                found = self._found(index, question.text, vector, WEIGHT_OF_EMBEDDINGS)
                refused += not relevant(found, LEAST_EVIDENCE)
        return Half(len(inside), scores, not_refused / len(inside), refused / len(outside))

    def _drawn(self, found: Sequence[Question], reported: bool) -> list[Question]:
        drawn = []
        kinds: tuple[Kind, Kind] = ("operation", "parameter")
        for kind in kinds:
            fitting = [one for one in found if one.kind == kind and one.reported == reported]
            drawn += self._random.sample(fitting, min(self._asked, len(fitting)))
        return drawn

    def _opened(self) -> Any:
        return IndexFiles(BUCKET).opened(owner_of(READER))

    def _found(self, index: LexicalIndex, text: str, vector: Vector, weight: float) -> list[Found]:
        nearest = self._vectors.nearest(owner_of(READER), vector, DEPTH)
        cosines = {index.number(document_id, passage): cosine for document_id, passage, cosine in nearest}
        known = {number: cosine for number, cosine in cosines.items() if number is not None}
        return ranked(index, text, known if weight else {}, NDCG_AT, weight)

    def _score(self, scores: Scores, index: LexicalIndex, question: Question, found: Sequence[Found]) -> None:
        ranking = [index.number(one.document_id, one.passage) or 0 for one in found]
        right = {index.number(*place) or 0 for place in self._answers[question.service, question.entry]}
        scores.recall.append(recall(ranking, right))
        scores.ndcg.append(ndcg(ranking, right))
